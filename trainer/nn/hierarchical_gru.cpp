#include "trainer/nn/hierarchical_gru.h"

#include <algorithm>
#include <cmath>

#include "trainer/nn/item_vectors.h"
#include "trainer/nn/linear.h"
#include "trainer/nn/vectorised.h"

namespace attune::trainer {
namespace {

GruParameters addUnit(ParameterLayout& layout, size_t d, const std::string& prefix) {
  GruParameters unit;
  unit.input = layout.add(prefix + ".input", d, 3 * d);
  unit.state = layout.add(prefix + ".state", d, 3 * d);
  unit.bias = layout.add(prefix + ".bias", 1, 3 * d);
  unit.candidateBias = layout.add(prefix + ".candidateBias", 1, d);
  return unit;
}

template <typename View, typename Number>
HierarchicalGruMatrices<View> viewsOf(const HierarchicalGruParameters& p, Number* numbers) {
  const auto unit = [&](const GruParameters& of) {
    return GruMatrices<View>{of.input.in(numbers), of.state.in(numbers), of.bias.in(numbers),
                             of.candidateBias.in(numbers)};
  };
  return {unit(p.session), unit(p.user), p.start.in(numbers), p.startBias.in(numbers)};
}

void copyRow(ConstMatrix from, size_t fromRow, Matrix to, size_t toRow) {
  std::copy_n(from.row(fromRow), to.columns, to.row(toRow));
}

void zero(Matrix matrix) { std::fill_n(matrix.data, matrix.rows * matrix.columns, 0.0f); }

ATTUNE_VECTORISED
void tanhInPlace(float* x, size_t count) {
  for (size_t i = 0; i < count; ++i) x[i] = fastTanh(x[i]);
}

}  // namespace

HierarchicalGruParameters HierarchicalGruParameters::addTo(ParameterLayout& layout,
                                                           size_t dimension) {
  HierarchicalGruParameters all;
  all.session = addUnit(layout, dimension, "session");
  all.user = addUnit(layout, dimension, "user");
  all.start = layout.add("start", dimension, dimension);
  all.startBias = layout.add("startBias", 1, dimension);
  return all;
}

HierarchicalGruWeights HierarchicalGruParameters::in(const float* numbers) const {
  return viewsOf<ConstMatrix>(*this, numbers);
}

HierarchicalGruGradients HierarchicalGruParameters::in(float* numbers) const {
  return viewsOf<Matrix>(*this, numbers);
}

void HierarchicalGruParameters::initialise(std::span<float> numbers, float from) const {
  const auto scale = [&](const Parameter& p, float factor) {
    for (float& number : numbers.subspan(p.offset, p.size())) number *= factor;
  };
  const float spread = 1 / (from * std::sqrt(static_cast<float>(start.rows)));
  for (const GruParameters& unit : {session, user}) {
    scale(unit.input, spread);
    scale(unit.state, spread);
    scale(unit.bias, 0);
    scale(unit.candidateBias, 0);
  }
  scale(start, spread);
  scale(startBias, 0);
}

size_t HierarchicalGruPass::heldNumbers() const {
  size_t sum = 0;
  for (const Workspace* all : {&x_,           &states_,       &dStates_,
                               &dx_,          &sessionGates_, &sessionCandidates_,
                               &initial_,     &sessionEnd_,   &userBefore_,
                               &userAfter_,   &userGates_,    &userCandidates_,
                               &userStates_,  &lastStates_,   &dUserStates_,
                               &dLastStates_, &dInitial_,     &dStart_,
                               &dAfter_,      &dSessionEnd_,  &dBefore_})
    sum += all->size();
  return sum;
}

HierarchicalGruPass::Wave& HierarchicalGruPass::waveOf(size_t index) {
  if (index == waves_.size()) waves_.emplace_back();
  Wave& wave = waves_[index];
  if (index < waveCount_) return wave;
  ++waveCount_;
  wave.segments.clear();
  wave.starts.clear();
  wave.offsets.assign(1, 0);
  return wave;
}

void HierarchicalGruPass::plan(std::span<const uint32_t> offsets,
                               std::span<const uint8_t> newSession, size_t gradientEvents) {
  waveCount_ = 0;
  users_ = offsets.size() - 1;
  for (uint32_t user = 0; user < users_; ++user) {
    size_t index = 0;
    for (uint32_t begin = offsets[user], end; begin < offsets[user + 1]; begin = end, ++index) {
      const auto place = [&](uint32_t token) { return token - offsets[user]; };
      const auto starts = [&](uint32_t token) {
        return place(token) == 0 || (!newSession.empty() && newSession[token] != 0);
      };
      const auto cuts = [&](uint32_t token) { return place(token) % gradientEvents == 0; };
      for (end = begin + 1; end < offsets[user + 1] && !starts(end) && !cuts(end);) ++end;
      Wave& wave = waveOf(index);
      if (starts(begin)) wave.starts.push_back(static_cast<uint32_t>(wave.segments.size()));
      wave.segments.push_back({user, begin, end - begin, starts(begin), cuts(begin)});
      wave.offsets.push_back(wave.offsets.back() + end - begin);
    }
  }
  rowTokens_.clear();
  segments_ = starts_ = 0;
  for (size_t index = 0; index < waveCount_; ++index) {
    Wave& wave = waves_[index];
    wave.firstRow = rowTokens_.size();
    wave.firstSegment = segments_;
    wave.firstStart = starts_;
    segments_ += wave.segments.size();
    starts_ += wave.starts.size();
    for (const Segment& segment : wave.segments)
      for (uint32_t i = 0; i < segment.tokens; ++i) rowTokens_.push_back(segment.firstToken + i);
  }
  while (unitOffsets_.size() <= users_)
    unitOffsets_.push_back(static_cast<uint32_t>(unitOffsets_.size()));
}

void HierarchicalGruPass::forward(ConstMatrix x, std::span<const uint32_t> offsets,
                                  std::span<const uint8_t> newSession, size_t gradientEvents,
                                  const HierarchicalGruWeights& weights, Matrix states) {
  width_ = x.columns;
  plan(offsets, newSession, gradientEvents);
  gatherRows(x, rowTokens_, 1, inWaveOrder(x_));
  zero(ofUsers(userStates_));
  for (size_t index = 0; index < waveCount_; ++index) forwardWave(index, weights);
  const Matrix found = inWaveOrder(states_);
  for (size_t row = 0; row < rowTokens_.size(); ++row) copyRow(found, row, states, rowTokens_[row]);
}

void HierarchicalGruPass::forwardWave(size_t index, const HierarchicalGruWeights& weights) {
  const Wave& wave = waves_[index];
  const Matrix initial = segmentsOf(wave, initial_);
  const Matrix last = ofUsers(lastStates_);
  for (size_t i = 0; i < wave.segments.size(); ++i)
    if (!wave.segments[i].startsSession) copyRow(last, wave.segments[i].user, initial, i);
  startSessions(index, weights, initial);
  const Matrix states = rowsOf(wave, states_, width_);
  Gru::forward(rowsOf(wave, x_, width_), wave.offsets, weights.session, initial, states,
               sessionStateOf(wave), scratch_);
  for (size_t i = 0; i < wave.segments.size(); ++i)
    copyRow(states, wave.offsets[i + 1] - 1, last, wave.segments[i].user);
}

/// Steps the users' states with what their last sessions left, and makes first states of them.
void HierarchicalGruPass::startSessions(size_t index, const HierarchicalGruWeights& weights,
                                        Matrix initial) {
  const Wave& wave = waves_[index];
  if (wave.starts.empty()) return;
  const Matrix end = startsOf(wave, sessionEnd_, width_);
  const Matrix before = startsOf(wave, userBefore_, width_);
  const Matrix after = startsOf(wave, userAfter_, width_), users = ofUsers(userStates_);
  for (size_t i = 0; i < wave.starts.size(); ++i) {
    const uint32_t user = wave.segments[wave.starts[i]].user;
    copyRow(users, user, before, i);
    copyRow(ofUsers(lastStates_), user, end, i);
  }
  const auto units = std::span<const uint32_t>(unitOffsets_).first(wave.starts.size() + 1);
  if (index == 0)
    zero(after);
  else
    Gru::forward(end, units, weights.user, before, after, userStateOf(wave), scratch_);
  const Matrix start = forStarts(wave, dStart_);
  linearForward(after, weights.start, weights.startBias, start);
  tanhInPlace(start.data, start.rows * width_);
  for (size_t i = 0; i < wave.starts.size(); ++i) {
    copyRow(start, i, initial, wave.starts[i]);
    copyRow(after, i, users, wave.segments[wave.starts[i]].user);
  }
}

void HierarchicalGruPass::backward(const HierarchicalGruWeights& weights, ConstMatrix dStates,
                                   const HierarchicalGruGradients& gradients, Matrix dx) {
  gatherRows(dStates, rowTokens_, 1, inWaveOrder(dStates_));
  zero(ofUsers(dUserStates_));
  zero(ofUsers(dLastStates_));
  for (size_t index = waveCount_; index-- > 0;) backwardWave(index, weights, gradients);
  const Matrix found = inWaveOrder(dx_);
  for (size_t row = 0; row < rowTokens_.size(); ++row) copyRow(found, row, dx, rowTokens_[row]);
}

void HierarchicalGruPass::backwardWave(size_t index, const HierarchicalGruWeights& weights,
                                       const HierarchicalGruGradients& gradients) {
  const Wave& wave = waves_[index];
  const Matrix dStates = rowsOf(wave, dStates_, width_);
  const Matrix dLast = ofUsers(dLastStates_);
  for (size_t i = 0; i < wave.segments.size(); ++i) {
    const float* more = dLast.row(wave.segments[i].user);
    float* to = dStates.row(wave.offsets[i + 1] - 1);
    for (size_t j = 0; j < width_; ++j) to[j] += more[j];
  }
  const Matrix dInitial = dInitial_.matrix(wave.segments.size(), width_);
  Gru::backward(rowsOf(wave, x_, width_), wave.offsets, weights.session, segmentsOf(wave, initial_),
                rowsOf(wave, states_, width_), sessionStateOf(wave), dStates, gradients.session,
                rowsOf(wave, dx_, width_), dInitial, scratch_);
  backwardStarts(index, weights, dInitial, gradients);
  for (const Segment& segment : wave.segments) {
    if (!segment.isCut) continue;
    std::fill_n(dLast.row(segment.user), width_, 0.0f);
    std::fill_n(ofUsers(dUserStates_).row(segment.user), width_, 0.0f);
  }
}

/// From the gradient by the first states to that by what the sessions before left.
void HierarchicalGruPass::backwardStarts(size_t index, const HierarchicalGruWeights& weights,
                                         ConstMatrix dInitial,
                                         const HierarchicalGruGradients& gradients) {
  const Wave& wave = waves_[index];
  const size_t count = wave.starts.size();
  if (count == 0) return;
  const ConstMatrix initial = segmentsOf(wave, initial_);
  const Matrix dStart = forStarts(wave, dStart_), dAfter = forStarts(wave, dAfter_);
  for (size_t i = 0; i < count; ++i) {
    const float* h = initial.row(wave.starts[i]);
    const float* dh = dInitial.row(wave.starts[i]);
    for (size_t j = 0; j < width_; ++j) dStart.row(i)[j] = dh[j] * (1.0f - h[j] * h[j]);
  }
  const Matrix after = startsOf(wave, userAfter_, width_);
  linearBackward(after, weights.start, dStart, gradients.start, gradients.startBias, dAfter);
  if (index == 0) return;  // the first user states are given

  const Matrix dUsers = ofUsers(dUserStates_), dLast = ofUsers(dLastStates_);
  const auto userOf = [&](size_t i) { return wave.segments[wave.starts[i]].user; };
  for (size_t i = 0; i < count; ++i)
    for (size_t j = 0; j < width_; ++j) dAfter.row(i)[j] += dUsers.row(userOf(i))[j];
  const Matrix dEnd = forStarts(wave, dSessionEnd_), dBefore = forStarts(wave, dBefore_);
  Gru::backward(startsOf(wave, sessionEnd_, width_),
                std::span<const uint32_t>(unitOffsets_).first(count + 1), weights.user,
                startsOf(wave, userBefore_, width_), after, userStateOf(wave), dAfter,
                gradients.user, dEnd, dBefore, scratch_);
  for (size_t i = 0; i < count; ++i) {
    copyRow(dEnd, i, dLast, userOf(i));
    copyRow(dBefore, i, dUsers, userOf(i));
  }
}

}  // namespace attune::trainer
