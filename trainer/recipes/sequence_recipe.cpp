#include "trainer/recipes/sequence_recipe.h"

#include <algorithm>
#include <cstdio>

namespace attune::trainer {
namespace {

/// Steps an epoch should have at least, where the data are too few for full batches.
constexpr size_t kLeastSteps = 20;
constexpr size_t kLeastBatchTokens = 512;

}  // namespace

void prepareTraining(const TrainOptions& options, size_t interactions, size_t batchTokens,
                     GemmThreads& threads, SequenceTrainingOptions& training) {
  training.seed = options.seed;
  training.threads = &threads;
  training.tokensPerBatch =
      std::min(batchTokens, std::max(interactions / kLeastSteps, kLeastBatchTokens));
  training.checkpointPath = options.checkpointPath;
  training.resume = options.resume;
  if (options.progress == nullptr) return;
  training.onEpoch = [progress = options.progress,
                      epochs = training.epochs](const EpochProgress& epoch) {
    progress->update(static_cast<double>(epoch.record.epoch) / static_cast<double>(epochs),
                     describe(epoch, epochs));
  };
}

std::string describe(const EpochProgress& epoch, uint64_t epochs) {
  const double left = static_cast<double>(epochs - epoch.record.epoch) *
                      (epoch.trainingSeconds + epoch.validationSeconds);
  char text[200];
  std::snprintf(
      text, sizeof text,
      "epoch %llu, loss %.3f, validation NDCG@10 %.4f, %s interactions/s, at most %.0f min left",
      static_cast<unsigned long long>(epoch.record.epoch), epoch.record.loss, epoch.record.ndcgAt10,
      withThousands(static_cast<uint64_t>(epoch.interactionsPerSecond)).c_str(), left / 60);
  return text;
}

std::vector<float> transposed(ConstMatrix matrix) {
  std::vector<float> out(matrix.rows * matrix.columns);
  for (size_t i = 0; i < matrix.rows; ++i)
    for (size_t j = 0; j < matrix.columns; ++j)
      out[j * matrix.rows + i] = matrix.data[i * matrix.columns + j];
  return out;
}

void writeItemVectors(std::span<const float> vectors, size_t dimension, const ItemOrder& order,
                      BundlePrecision precision, BundleBuilder& bundle) {
  std::vector<float> ordered;
  for (const uint32_t item : order.toDataset) {
    const auto row = vectors.subspan(item * dimension, dimension);
    ordered.insert(ordered.end(), row.begin(), row.end());
  }
  addMatrix(SectionKind::ItemVectors, ordered, dimension, (dimension + 15) / 16 * 16, precision, 0,
            bundle);
}

}  // namespace attune::trainer
