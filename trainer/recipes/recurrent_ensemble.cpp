#include "trainer/recipes/recurrent_ensemble.h"

#include <cmath>

namespace attune::trainer {
namespace {

/// How many times as wide as a member the ensemble is, and which member's numbers are placed.
struct Place {
  size_t members;
  size_t member;
};

/// The member's block of a matrix: its columns come in groups of d, one for each gate.
void placeBlock(ConstMatrix from, Place place, float factor, Matrix to) {
  const size_t d = from.rows;
  for (size_t i = 0; i < d; ++i)
    for (size_t j = 0; j < from.columns; ++j)
      to.row(place.member * d + i)[(j / d * place.members + place.member) * d + j % d] =
          factor * from.row(i)[j];
}

/// The same of a matrix with one row, which has columns of all members: a bias, or a norm.
void placeRow(ConstMatrix from, size_t d, Place place, float factor, Matrix to) {
  for (size_t j = 0; j < from.columns; ++j)
    to.row(0)[(j / d * place.members + place.member) * d + j % d] = factor * from.row(0)[j];
}

void placeUnit(const GruMatrices<ConstMatrix>& from, size_t d, Place place, float inputFactor,
               const GruMatrices<Matrix>& to) {
  placeBlock(from.input, place, inputFactor, to.input);
  placeBlock(from.state, place, 1, to.state);
  placeRow(from.bias, d, place, 1, to.bias);
  placeRow(from.candidateBias, d, place, 1, to.candidateBias);
}

void placeMember(const RecurrentWeights& from, Place place, RecurrentWeights& to) {
  const size_t d = from.model.config().hiddenDimension;
  const auto weights = from.model.recurrent.in(from.values.data());
  const auto all = to.model.recurrent.in(to.values.data());
  // Only events enter scaled, by the square root of the dimension.
  placeUnit(weights.session, d, place, from.model.inputScale() / to.model.inputScale(),
            all.session);
  placeUnit(weights.user, d, place, 1, all.user);
  placeBlock(weights.start, place, 1, all.start);
  placeRow(weights.startBias, d, place, 1, all.startBias);
  placeRow(from.model.finalNorm.in(from.values.data()), d, place,
           1 / static_cast<float>(place.members), to.model.finalNorm.in(to.values.data()));
  const size_t items = from.itemVectors.size() / d;
  const ConstMatrix vectors(from.itemVectors.data(), items, d);
  const Matrix wide(to.itemVectors.data(), items, place.members * d);
  for (size_t item = 0; item < items; ++item)
    std::copy_n(vectors.row(item), d, wide.row(item) + place.member * d);
}

SequenceModel wideModel(const SequenceModel& member, size_t members) {
  SequenceModelConfig config = member.config();
  config.hiddenDimension *= members;
  return SequenceModel(config, 0);
}

}  // namespace

RecurrentWeights ensembleOf(std::span<const RecurrentWeights> members) {
  const size_t count = members.size();
  RecurrentWeights all{wideModel(members[0].model, count), {}, {}};
  all.values.resize(all.model.layout().size());
  all.itemVectors.resize(count * members[0].itemVectors.size());
  for (size_t member = 0; member < count; ++member)
    placeMember(members[member], {count, member}, all);
  return all;
}

}  // namespace attune::trainer
