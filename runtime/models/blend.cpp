#include "runtime/models/blend.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/math.h"

namespace attune {
namespace {

constexpr float kLargestNumber = 1e3f;

Error corrupt(const char* what) { return {ErrorCode::CorruptBundle, what}; }

bool knowsAny(std::span<const SessionEvent> events) {
  for (const SessionEvent& event : events)
    if (event.item != kUnknownItem) return true;
  return false;
}

}  // namespace

Result<Owned<Model>> BlendedModel::open(const Bundle& bundle, Owned<Model>&& sequence) {
  const auto* table = bundle.header().blend();
  const BlendConfig config{table->sequence(), table->neighbours(), table->neighbour_scale(),
                           table->recency_decay(), table->repeat()};
  const auto bounded = [](float weight) { return std::fabs(weight) <= kLargestNumber; };
  if (!(config.sequence >= 0 && bounded(config.sequence)) || !bounded(config.neighbours) ||
      !bounded(config.repeat) || !(config.recencyDecay > 0 && config.recencyDecay <= 1) ||
      !(config.neighbourScale >= 1e-6f && config.neighbourScale <= 1e6f))
    return corrupt("a parameter of the blend is out of range");
  Owned<BlendedModel> model = makeOwned<BlendedModel>(config, std::move(sequence));
  if (!model) return Error{ErrorCode::OutOfMemory, "out of memory"};
  ATTUNE_TRY(model->openParts(bundle));
  return Owned<Model>(std::move(model));
}

Status BlendedModel::openParts(const Bundle& bundle) {
  if (!sequence_->scoresAreLogits()) return corrupt("a blend without a sequence model");
  if (config_.neighbours != 0) {
    const auto table = NeighbourTable::open(bundle);
    ATTUNE_TRY(table);
    table_ = table.value();
  }
  const auto read = [&](SectionKind kind, std::span<const float>& out) -> Status {
    if (!bundle.has(kind)) return {};
    const auto floats = bundle.floats(kind, bundle.itemCount(), 0, kLargestNumber);
    ATTUNE_TRY(floats);
    out = floats.value();
    return {};
  };
  ATTUNE_TRY(read(SectionKind::ItemPrior, prior_));
  return read(SectionKind::ColdPrior, coldPrior_);
}

Status BlendedModel::score(const Query& query, ModelScratch& scratch, std::span<float> scores) const {
  ATTUNE_TRY(sequence_->score(query, scratch, scores));
  ATTUNE_TRY(scratch.additions.clear(scores.size()));
  if (!knowsAny(query.session.events())) {
    for (size_t i = 0; i < coldPrior_.size(); ++i) scores[i] += coldPrior_[i];
    return {};
  }
  const float scale = config_.sequence;
  for (float& score : scores) score *= scale;
  for (size_t i = 0; i < prior_.size(); ++i) scores[i] += prior_[i];
  if (config_.neighbours != 0) ATTUNE_TRY(addNeighbours(query.session.events(), scratch, scores));
  if (config_.repeat != 0) return addRepeats(query.session.events(), scratch, scores);
  return {};
}

Status BlendedModel::addNeighbours(std::span<const SessionEvent> history, ModelScratch& scratch,
                                   std::span<float> scores) const {
  ATTUNE_TRY(scratch.marks.resize(scores.size()));
  Status status;
  table_.forHistory(history, config_.recencyDecay, scratch.marks.span(),
                    [&](uint32_t neighbour, float share) {
                      if (share > 0 && status.ok()) status = scratch.additions.add(neighbour, share);
                    });
  ATTUNE_TRY(status);
  for (const uint32_t item : scratch.additions.touched()) {
    const float nearness = logOf(1.0f + scratch.additions.of(item) / config_.neighbourScale);
    scratch.additions[item] = config_.neighbours * nearness;
    scores[item] += scratch.additions.of(item);
  }
  return {};
}

Status BlendedModel::addRepeats(std::span<const SessionEvent> history, ModelScratch& scratch,
                                std::span<float> scores) const {
  ATTUNE_TRY(scratch.marks.resize(scores.size()));
  for (const SessionEvent& event : history)
    if (event.counts() && scratch.marks[event.item] < 255) ++scratch.marks[event.item];
  for (const SessionEvent& event : history) {
    if (!event.counts() || scratch.marks[event.item] == 0) continue;
    const auto times = static_cast<float>(scratch.marks[event.item]);
    scratch.marks[event.item] = 0;
    const float addition = config_.repeat * logOf(1.0f + times);
    ATTUNE_TRY(scratch.additions.add(event.item, addition));
    scores[event.item] += addition;
  }
  return {};
}

void BlendedModel::refine(const Query& query, ModelScratch& scratch, std::span<Scored> ranked) const {
  if (!approximates()) return;
  sequence_->refine(query, scratch, ranked);
  const bool known = knowsAny(query.session.events());
  const std::span<const float> prior = known ? prior_ : coldPrior_;
  for (Scored& one : ranked) {
    if (known) one.score *= config_.sequence;
    if (!prior.empty()) one.score += prior[one.item];
    one.score += scratch.additions.of(one.item);
  }
}

Status BlendedModel::scoreRelated(uint32_t item, ModelScratch& scratch, std::span<float> scores) const {
  ATTUNE_TRY(sequence_->scoreRelated(item, scratch, scores));
  if (config_.neighbours == 0) return {};
  table_.forNeighbours(item, 1, [&](uint32_t neighbour, float share) {
    if (share > 0) scores[neighbour] += logOf(1.0f + share / config_.neighbourScale);
  });
  return {};
}

}  // namespace attune
