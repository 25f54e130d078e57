#include "runtime/models/transformer.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/math.h"
#include "runtime/models/transformer_weights.h"

namespace attune {

/// Keys and values of the newest `window` known events in a ring, and the last event's result.
class TransformerModel::State : public ModelState {
 public:
  Status reserve(const TransformerConfig& c) {
    ATTUNE_TRY(keys.resize(c.layers * c.window * c.dimension));
    ATTUNE_TRY(values.resize(c.layers * c.window * c.dimension));
    return hidden.resize(c.dimension);
  }

  Buffer<float> keys;     // (layers, window, d)
  Buffer<float> values;   // (layers, window, d)
  Buffer<float> hidden;   // (d), after the last norm
  PointerMemory pointed;
  size_t steps = 0;       // known events so far
  size_t firstEvent = 0;  // where the history began for this state, counted as `appended` is
  uint32_t generation = 0;
  uint64_t appended = 0;
};

Result<Owned<Model>> TransformerModel::open(const Bundle& bundle) {
  const auto counts = PopularityCounts::open(bundle);
  ATTUNE_TRY(counts);
  Owned<TransformerModel> model = makeOwned<TransformerModel>(counts.value());
  if (!model) return Error{ErrorCode::OutOfMemory, "out of memory"};
  ATTUNE_TRY(model->openWeights(bundle));
  return Owned<Model>(std::move(model));
}

Status TransformerModel::openWeights(const Bundle& bundle) {
  const auto config = readTransformerConfig(bundle);
  ATTUNE_TRY(config);
  config_ = config.value();
  ATTUNE_TRY(readTransformerWeights(bundle, config_, weights_, layers_, finalNorm_));
  const auto pointer =
      Pointer::open(bundle, config_.dimension, config_.pointer, config_.window, weights_);
  ATTUNE_TRY(pointer);
  pointer_ = pointer.value();
  const auto vectors = readItemVectors(bundle, config_.dimension);
  ATTUNE_TRY(vectors);
  vectors_ = vectors.value();
  const auto queryVectors = QueryVectors::open(bundle, config_.dimension, kLargestWeight);
  ATTUNE_TRY(queryVectors);
  queryVectors_ = queryVectors.value();
  return {};
}

// What the newest event sees through all layers reaches back layers x (window - 1) events, and what
// it points at a window further, so a state built from there on equals one that has seen everything.
size_t TransformerModel::firstEvent(std::span<const SessionEvent> events) const {
  const size_t reach = config_.layers + (pointer_.empty() ? 0 : 1);
  size_t missing = reach * (config_.window - 1) + 1;
  for (size_t i = events.size(); i-- > 0;)
    if (events[i].counts() && --missing == 0) return i;
  return 0;
}

Result<TransformerModel::State*> TransformerModel::advance(const Session& session,
                                                           ModelScratch& scratch) const {
  const std::span<const SessionEvent> events = session.events();
  auto* state = static_cast<State*>(session.modelState().get());
  const size_t first = firstEvent(events);
  const uint64_t begin = session.appended() - events.size();  // appended() before events[0]
  const bool usable = state != nullptr && state->generation == session.generation() &&
                      state->appended >= begin + first && (first > 0 || state->firstEvent == begin);
  if (!usable) {
    Owned<State> fresh = makeOwned<State>();
    if (!fresh) return Error{ErrorCode::OutOfMemory, "out of memory"};
    ATTUNE_TRY(fresh->reserve(config_));
    if (!pointer_.empty()) ATTUNE_TRY(pointer_.reserve(fresh->pointed));
    fresh->generation = session.generation();
    fresh->appended = begin + first;
    fresh->firstEvent = begin + first;
    state = fresh.get();
    session.modelState() = Owned<ModelState>(std::move(fresh));
  }
  size_t newest = events.size();
  while (newest > 0 && !events[newest - 1].counts()) --newest;
  for (size_t i = state->appended - begin; i < newest; ++i)
    if (events[i].counts()) ATTUNE_TRY(step(events[i].item, i + 1 == newest, *state, scratch));
  state->appended = session.appended();
  return state;
}

Status TransformerModel::step(uint32_t item, bool isNewest, State& state,
                              ModelScratch& scratch) const {
  const size_t d = config_.dimension;
  const size_t f = config_.feedForward;
  ATTUNE_TRY(scratch.numbers.resize(6 * d + 3 * f + config_.window));
  std::span<float> room = scratch.numbers.span();
  const auto take = [&room](size_t count) {
    const std::span<float> taken = room.first(count);
    room = room.subspan(count);
    return taken;
  };
  const auto x = take(d), normed = take(d), mixed = take(d), wide = take(3 * d);
  const auto gated = take(2 * f), active = take(f), weights = take(config_.window);

  vectors_.copy(item, x);
  for (float& number : x) number *= config_.inputScale;
  for (size_t index = 0; index < layers_.size(); ++index) {
    const TransformerLayer& layer = layers_[index];
    std::copy(x.begin(), x.end(), normed.begin());
    rmsNorm(normed, layer.attentionNorm, config_.normEpsilon);
    // Nobody but a pointer asks what an older event sees in the last layer: key and value are enough.
    const bool isSeenOnly = !isNewest && index + 1 == layers_.size() && pointer_.empty();
    const size_t first = isSeenOnly ? d : 0;
    matvec(layer.queryKeyValue.subspan(first * d), normed, wide.subspan(first));
    attend(layer, index, wide, state, weights, isSeenOnly ? std::span<float>() : mixed);
    if (isSeenOnly) break;
    matvec(layer.attentionOut, mixed, normed);
    axpy(1, normed, x);

    std::copy(x.begin(), x.end(), normed.begin());
    rmsNorm(normed, layer.feedForwardNorm, config_.normEpsilon);
    matvec(layer.gateAndUp, normed, gated);
    for (size_t i = 0; i < f; ++i) active[i] = gated[i] * sigmoid(gated[i]) * gated[f + i];
    matvec(layer.down, active, normed);
    axpy(1, normed, x);
  }
  std::copy(x.begin(), x.end(), state.hidden.begin());
  rmsNorm(state.hidden.span(), finalNorm_, config_.normEpsilon);
  if (!pointer_.empty())
    pointer_.remember(item, state.hidden.span(), state.steps % config_.window, state.pointed);
  ++state.steps;
  return {};
}

/// Writes the event's key and value and mixes the values it sees, newest first, if there is room.
void TransformerModel::attend(const TransformerLayer& layer, size_t index,
                              std::span<const float> queryKeyValue, State& state,
                              std::span<float> weights, std::span<float> mixed) const {
  const size_t d = config_.dimension;
  const size_t window = config_.window;
  const size_t width = d / config_.heads;
  const std::span<float> keys = state.keys.span().subspan(index * window * d, window * d);
  const std::span<float> values = state.values.span().subspan(index * window * d, window * d);
  const size_t slot = state.steps % window;
  std::copy_n(queryKeyValue.begin() + static_cast<std::ptrdiff_t>(d), d,
              keys.begin() + static_cast<std::ptrdiff_t>(slot * d));
  std::copy_n(queryKeyValue.begin() + static_cast<std::ptrdiff_t>(2 * d), d,
              values.begin() + static_cast<std::ptrdiff_t>(slot * d));
  if (mixed.empty()) return;
  const size_t seen = std::min(state.steps + 1, window);
  const float scale = 1.0f / std::sqrt(static_cast<float>(width));
  std::fill(mixed.begin(), mixed.end(), 0.0f);
  for (size_t head = 0; head < config_.heads; ++head) {
    const auto place = [&](size_t distance) {
      return (slot + window - distance) % window * d + head * width;
    };
    const std::span<const float> query = queryKeyValue.subspan(head * width, width);
    const std::span<float> shares = weights.first(seen);
    for (size_t j = 0; j < seen; ++j)
      shares[j] =
          dot(query, keys.subspan(place(j), width)) * scale + layer.distanceBias[head * window + j];
    softmax(shares);
    for (size_t j = 0; j < seen; ++j)
      axpy(shares[j], values.subspan(place(j), width), mixed.subspan(head * width, width));
  }
}

Status TransformerModel::fillVector(const Query& query, ModelScratch& scratch) const {
  const auto state = advance(query.session, scratch);
  ATTUNE_TRY(state);
  const bool known = state.value()->steps > 0;
  scratch.vector.clear();
  if (!known && !queryVectors_.hasStart()) return {};
  ATTUNE_TRY(scratch.vector.append(known ? state.value()->hidden.span() : queryVectors_.start()));
  const std::span<float> vector = scratch.vector.span();
  queryVectors_.addTo(vector, query.session.attributes().rows());
  queryVectors_.addTo(vector, query.context);
  return {};
}

Status TransformerModel::point(const Query& query, ModelScratch& scratch, size_t items) const {
  if (pointer_.empty()) return {};
  const auto& state = *static_cast<const State*>(query.session.modelState().get());
  if (state.steps == 0) return scratch.pointed.clear(items);
  const size_t last = state.steps - 1;
  return pointer_.point(state.hidden.span(), last % config_.window,
                        std::min(state.steps, config_.window), state.pointed, scratch, items);
}

Status TransformerModel::score(const Query& query, ModelScratch& scratch,
                               std::span<float> scores) const {
  ATTUNE_TRY(fillVector(query, scratch));
  if (scratch.vector.empty()) {
    counts_.fillLogits(scores);
    return {};
  }
  ATTUNE_TRY(point(query, scratch, scores.size()));
  ATTUNE_TRY(vectors_.scan(scratch.vector.span(), query.exact, scratch, scores));
  for (const uint32_t item : scratch.pointed.touched())
    scores[item] = withPointed(scores[item], item, scratch);
  return {};
}

void TransformerModel::refine(const Query&, ModelScratch& scratch, std::span<Scored> ranked) const {
  if (!approximates()) return;
  if (scratch.vector.empty()) {
    for (Scored& one : ranked) one.score = counts_.logit(one.item);
    return;
  }
  vectors_.refine(scratch.vector.span(), ranked);
  if (pointer_.empty()) return;
  for (Scored& one : ranked) one.score = withPointed(one.score, one.item, scratch);
}

Status TransformerModel::scoreRelated(uint32_t item, ModelScratch& scratch,
                                      std::span<float> scores) const {
  return vectors_.scoreRelated(item, scratch, scores);
}

}  // namespace attune
