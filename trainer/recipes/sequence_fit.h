#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "trainer/data/dataset.h"
#include "trainer/nn/sequence_trainer.h"
#include "trainer/recipes/neighbour_lists.h"
#include "trainer/recipes/recipe.h"
#include "trainer/recipes/score_blend.h"

namespace attune::trainer {

/// What was chosen on held-out events, and can be taken over by a training on all of them.
struct SequenceChoices {
  uint64_t epochs = 0;
  BlendWeights blend;
  uint32_t listLength = 0;      ///< of the blend's neighbour lists
  bool blends = false;          ///< whether the blend is better than the sequence model alone
  double ndcgAt10 = 0;          ///< on the held-out events, of what was chosen
  double sequenceNdcgAt10 = 0;  ///< of the sequence model alone
  /// The values of parameters that were left to the data, by name. For people: another training
  /// finds them anew.
  nlohmann::json parameters = nlohmann::json::object();

  nlohmann::json toJson() const;
  /// Throws UserError when something is missing.
  static SequenceChoices fromJson(const nlohmann::json& json);
};

/// A sequence model and its choices.
struct SequenceFit {
  std::vector<float> values;  ///< SequenceModel's layout
  SequenceChoices choices;
};

/// Whether what is not the sequence model may enter the scores.
enum class Blending { never, whereItHelps };

/// Trains a sequence model in two passes. The first holds back the last event of each user (of a
/// sample of many) and chooses the number of epochs and the blend by them; the second goes on from
/// its weights with everything, for two fifths of the epochs. With options.choices only the second
/// runs, from the beginning and for all the epochs; without options.refit only the first.
/// Checkpoints of the passes are apart, so that either can be resumed.
SequenceFit fitSequenceModel(const SequenceModel& model, const Sequences& sequences,
                             const ItemFeatures& features, SequenceTrainingOptions training,
                             Blending blending, const TrainOptions& options);

/// The weights of another model of the same shape, for an ensemble: trained with what a first one
/// chose, on everything, from first weights of its own. `number` is 1 for the second of the
/// ensemble. REQUIRES: number < kMostNetworks
std::vector<float> fitAnother(const SequenceModel& model, const Sequences& sequences,
                              const ItemFeatures& features, SequenceTrainingOptions training,
                              const SequenceChoices& choices, size_t number,
                              const TrainOptions& options);

/// The epochs of a second pass that goes on from the weights of the first one's best epoch. Chosen
/// beside all epochs from the beginning on the second-last events of Amazon Beauty, Online Retail,
/// last.fm and MovieLens 100K: the same NDCG@10 within its error.
uint64_t epochsFrom(uint64_t best);

/// The lists a blend uses, learned from all sequences: `length` neighbours an item.
NeighbourLists blendNeighbours(const Sequences& sequences, uint32_t items, uint32_t length,
                               unsigned threads);

/// Whether enough of the users come back to items they had: then these are right answers too.
bool usersRepeat(const Sequences& sequences);

}  // namespace attune::trainer
