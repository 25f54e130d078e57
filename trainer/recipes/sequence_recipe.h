#pragma once

#include <span>
#include <string>
#include <vector>

#include "trainer/nn/sequence_trainer.h"
#include "trainer/recipes/recipe.h"

// What the recipes share that train a sequence model.

namespace attune::trainer {

/// Whether the users are passing visitors: short histories, with items that come again. The last
/// click then matters more than taste, and new sessions resemble the latest ones.
bool areSessions(const Sequences& sequences);

/// Training as the parameters epochs, patience, weight_averaging, learning_rate, dropout and
/// batch_tokens say, or, where these are left to the data, as the numbers of events and items, and
/// whether they are of sessions, ask for; with the run's seed, threads and progress. `options` and
/// `threads` must outlive it.
SequenceTrainingOptions trainingFor(const Parameters& parameters, const Sequences& sequences,
                                    size_t items, const TrainOptions& options,
                                    GemmThreads& threads);

/// The values by which a training goes whose parameters were left to the data: those of trainingFor
/// and `more`.
nlohmann::json leftToData(const Parameters& parameters, const SequenceTrainingOptions& training,
                          const nlohmann::json& more = nlohmann::json::object());

/// `epoch 12, loss 5.83, validation NDCG@10 0.1526, 65,000 interactions/s, 4 min left at most`; no
/// validation in a pass over everything.
std::string describe(const EpochProgress& epoch, uint64_t epochs);

/// What the two passes of fitSequenceModel will take: the first until validation stops it, the
/// second as many epochs as the first found best, or two fifths of them where it goes on from its
/// weights. Then `others` of fitAnother, each as many as the first found best.
RecipeForecast forecastPasses(const SequenceModel& model, const Sequences& sequences,
                              const ItemFeatures& features, const SequenceTrainingOptions& training,
                              bool goesOn, size_t others = 0);

/// (outputs, inputs) from (inputs, outputs), which is how training keeps a matrix.
std::vector<float> transposed(ConstMatrix matrix);

/// Adds the items' vectors (items, dimension), which are in the dataset's order.
void writeItemVectors(std::span<const float> vectors, size_t dimension, const ItemOrder& order,
                      BundlePrecision precision, BundleBuilder& bundle);

}  // namespace attune::trainer
