#include "runtime/models/popularity.h"

#include "runtime/base/math.h"
#include "runtime/bundle/section_checks.h"

namespace attune {

Result<PopularityCounts> PopularityCounts::open(const Bundle& bundle) {
  const auto* config = bundle.header().popularity();
  if (config == nullptr || config->user_count() == 0)
    return Error{ErrorCode::CorruptBundle, "the popularity counts have no number of users"};
  const auto counts = bundle.words(SectionKind::ItemUserCounts, bundle.itemCount());
  ATTUNE_TRY(counts);
  if (largestOf(counts.value()) > config->user_count())
    return Error{ErrorCode::CorruptBundle, "an item has more users than there are"};
  PopularityCounts result;
  result.userCounts_ = counts.value();
  result.scale_ = 1.0f / static_cast<float>(config->user_count());
  return result;
}

void PopularityCounts::fill(float weight, std::span<float> scores) const {
  const float scale = weight * scale_;
  for (size_t i = 0; i < scores.size(); ++i) scores[i] = static_cast<float>(userCounts_[i]) * scale;
}

void PopularityCounts::fillLogits(std::span<float> scores) const {
  for (uint32_t i = 0; i < scores.size(); ++i) scores[i] = logit(i);
}

float PopularityCounts::logit(uint32_t item) const {
  return logOf(static_cast<float>(userCounts_[item]) + 0.5f);
}

Result<Owned<Model>> PopularityModel::open(const Bundle& bundle) {
  const auto counts = PopularityCounts::open(bundle);
  ATTUNE_TRY(counts);
  Owned<Model> model = makeOwned<PopularityModel>(counts.value());
  if (!model) return Error{ErrorCode::OutOfMemory, "out of memory"};
  return model;
}

Status PopularityModel::score(const Query&, ModelScratch&, std::span<float> scores) const {
  counts_.fill(1.0f, scores);
  return {};
}

Status PopularityModel::scoreRelated(uint32_t, ModelScratch&, std::span<float> scores) const {
  counts_.fill(1.0f, scores);
  return {};
}

}  // namespace attune
