#pragma once

#include <span>
#include <string>
#include <vector>

#include "trainer/nn/sequence_trainer.h"
#include "trainer/recipes/recipe.h"

// What the recipes share that train a sequence model.

namespace attune::trainer {

/// Gives training the seed, threads, checkpoint and progress of the run, and a batch size: at most
/// `batchTokens`, less when the data would not fill 20 steps an epoch. `options` must outlive it.
void prepareTraining(const TrainOptions& options, size_t interactions, size_t batchTokens,
                     GemmThreads& threads, SequenceTrainingOptions& training);

/// `epoch 12, loss 5.83, validation NDCG@10 0.1526, 65,000 interactions/s, 4 min left at most`
std::string describe(const EpochProgress& epoch, uint64_t epochs);

/// (outputs, inputs) from (inputs, outputs), which is how training keeps a matrix.
std::vector<float> transposed(ConstMatrix matrix);

/// Adds the items' vectors (items, dimension), which are in the dataset's order.
void writeItemVectors(std::span<const float> vectors, size_t dimension, const ItemOrder& order,
                      BundlePrecision precision, BundleBuilder& bundle);

}  // namespace attune::trainer
