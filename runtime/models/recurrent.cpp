#include "runtime/models/recurrent.h"

#include <algorithm>

#include "runtime/base/math.h"
#include "runtime/models/recurrent_weights.h"

namespace attune {
namespace {

/// A number that depends on an event's time and item without order (the finaliser of SplitMix64,
/// Steele et al. 2014).
uint64_t hashOf(const SessionEvent& event) {
  uint64_t x = static_cast<uint64_t>(event.timestamp) * 0x9E3779B97F4A7C15u + event.item;
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
  x = (x ^ x >> 27) * 0x94D049BB133111EBu;
  return x ^ x >> 31;
}

/// Seconds between two events, `later` not being before `earlier`.
uint64_t secondsBetween(int64_t earlier, int64_t later) {
  return static_cast<uint64_t>(later) - static_cast<uint64_t>(earlier);
}

/// state (d) = the unit's next state for input x (d). `room` has 6 d numbers.
void advanceUnit(const RecurrentUnit& unit, std::span<const float> x, std::span<float> state,
                 std::span<float> room) {
  const size_t d = state.size();
  const std::span<float> fromInput = room.first(3 * d), fromState = room.subspan(3 * d, 3 * d);
  matvec(unit.input, x, fromInput);
  matvec(unit.state, state, fromState);
  for (size_t i = 0; i < d; ++i) {
    const float update = sigmoid(fromInput[i] + unit.bias[i] + fromState[i]);
    const float reset = sigmoid(fromInput[d + i] + unit.bias[d + i] + fromState[d + i]);
    const float candidate = tanhOf(fromInput[2 * d + i] + unit.bias[2 * d + i] +
                                   reset * (fromState[2 * d + i] + unit.bias[3 * d + i]));
    state[i] = candidate + update * (state[i] - candidate);
  }
}

}  // namespace

/// Where the network stands after the session's events.
class RecurrentModel::State : public ModelState {
 public:
  Status reserve(size_t dimension) {
    ATTUNE_TRY(user.resize(dimension));
    ATTUNE_TRY(session.resize(dimension));
    return hidden.resize(dimension);
  }
  /// Forgets everything, to begin with the event counted `first` of this generation.
  void restart(uint32_t ofGeneration, uint64_t first) {
    std::fill(user.begin(), user.end(), 0.0f);
    steps = 0;
    generation = ofGeneration;
    appended = firstEvent = first;
  }

  Buffer<float> user;         // (d)
  Buffer<float> session;      // (d)
  Buffer<float> hidden;       // (d), the session's after the last norm
  size_t steps = 0;           // known events passed
  int64_t lastTimestamp = 0;  // of the last of them
  uint64_t firstEvent = 0;    // where the network began, counted as `appended` is
  uint32_t generation = 0;
  uint64_t appended = 0;
};

Result<Owned<Model>> RecurrentModel::open(const Bundle& bundle) {
  const auto counts = PopularityCounts::open(bundle);
  ATTUNE_TRY(counts);
  const auto config = readRecurrentConfig(bundle);
  ATTUNE_TRY(config);
  const auto vectors = readItemVectors(bundle, config.value().dimension);
  ATTUNE_TRY(vectors);
  Owned<RecurrentModel> model = makeOwned<RecurrentModel>(counts.value());
  if (!model) return Error{ErrorCode::OutOfMemory, "out of memory"};
  model->config_ = config.value();
  model->vectors_ = vectors.value();
  ATTUNE_TRY(readRecurrentWeights(bundle, model->config_, model->storage_, model->weights_));
  return Owned<Model>(std::move(model));
}

/// Where the network begins: at the oldest known event, or, when more than `window` are known, at
/// the lowest hash among the older half of the newest `window`; equal ones: at the newest of them.
size_t RecurrentModel::firstEvent(std::span<const SessionEvent> events) const {
  size_t oldest = events.size(), lowest = events.size();
  size_t known = 0;
  uint64_t lowestHash = 0;
  for (size_t i = events.size(); i-- > 0;) {
    if (!events[i].counts()) continue;
    if (known == config_.window) return lowest;
    oldest = i;
    const uint64_t hash = hashOf(events[i]);
    if (known++ < config_.window / 2 || (lowest < events.size() && hash >= lowestHash)) continue;
    lowest = i;
    lowestHash = hash;
  }
  return oldest;
}

Result<RecurrentModel::State*> RecurrentModel::advance(const Session& session,
                                                       ModelScratch& scratch) const {
  const std::span<const SessionEvent> events = session.events();
  auto* state = static_cast<State*>(session.modelState().get());
  const size_t first = firstEvent(events);
  const uint64_t begin = session.appended() - events.size();  // appended() before events[0]
  if (state == nullptr) {
    Owned<State> fresh = makeOwned<State>();
    if (!fresh) return Error{ErrorCode::OutOfMemory, "out of memory"};
    ATTUNE_TRY(fresh->reserve(config_.dimension));
    fresh->restart(session.generation(), begin + first);
    state = fresh.get();
    session.modelState() = Owned<ModelState>(std::move(fresh));
  }
  if (state->generation != session.generation() || state->firstEvent != begin + first)
    state->restart(session.generation(), begin + first);
  for (size_t i = state->appended - begin; i < events.size(); ++i)
    if (events[i].counts()) ATTUNE_TRY(step(events[i], *state, scratch));
  state->appended = session.appended();
  return state;
}

Status RecurrentModel::step(const SessionEvent& event, State& state, ModelScratch& scratch) const {
  const size_t d = config_.dimension;
  ATTUNE_TRY(scratch.numbers.resize(7 * d));
  const std::span<float> x = scratch.numbers.span().first(d);
  const std::span<float> room = scratch.numbers.span().subspan(d);
  const std::span<float> user = state.user.span(), hidden = state.session.span();
  const bool isFirst = state.steps == 0;
  const bool isNew =
      isFirst || secondsBetween(state.lastTimestamp, event.timestamp) > config_.sessionGapSeconds;
  if (isNew) {
    if (!isFirst) advanceUnit(weights_.user, hidden, user, room);
    matvec(weights_.start, user, hidden);
    for (size_t i = 0; i < d; ++i) hidden[i] = tanhOf(hidden[i] + weights_.startBias[i]);
  }
  vectors_.copy(event.item, x);
  for (float& number : x) number *= config_.inputScale;
  advanceUnit(weights_.session, x, hidden, room);
  std::copy(hidden.begin(), hidden.end(), state.hidden.begin());
  rmsNorm(state.hidden.span(), weights_.finalNorm, config_.normEpsilon);
  state.lastTimestamp = event.timestamp;
  ++state.steps;
  return {};
}

Status RecurrentModel::score(const Query& query, ModelScratch& scratch,
                             std::span<float> scores) const {
  const auto state = advance(query.session, scratch);
  ATTUNE_TRY(state);
  if (state.value()->steps > 0)
    return vectors_.scan(state.value()->hidden.span(), query.exact, scratch, scores);
  counts_.fillLogits(scores);
  return {};
}

void RecurrentModel::refine(const Query& query, ModelScratch&,
                            std::span<Scored> ranked) const {
  const auto* state = static_cast<const State*>(query.session.modelState().get());
  if (state->steps == 0 || !approximates()) return;
  vectors_.refine(state->hidden.span(), ranked);
}

Status RecurrentModel::scoreRelated(uint32_t item, ModelScratch& scratch,
                                    std::span<float> scores) const {
  return vectors_.scoreRelated(item, scratch, scores);
}

}  // namespace attune
