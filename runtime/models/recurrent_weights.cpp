#include "runtime/models/recurrent_weights.h"

#include "runtime/models/weight_reader.h"

namespace attune {
namespace {

Error corrupt(const char* what) { return {ErrorCode::CorruptBundle, what}; }

size_t weightCount(size_t d) { return 2 * (6 * d * d + 4 * d) + d * d + 2 * d; }

Status readUnit(const Bundle& bundle, uint32_t index, size_t d, WeightStorage& storage,
                RecurrentUnit& unit) {
  WeightReader read(bundle, index, storage);
  ATTUNE_TRY(read.matrix(SectionKind::RecurrentInput, 3 * d, d, unit.input));
  ATTUNE_TRY(read.matrix(SectionKind::RecurrentState, 3 * d, d, unit.state));
  return read.vector(SectionKind::RecurrentBias, 4 * d, unit.bias);
}

}  // namespace

Result<RecurrentConfig> readRecurrentConfig(const Bundle& bundle) {
  const auto* table = bundle.header().recurrent();
  if (table == nullptr) return corrupt("the recurrent network has no configuration");
  const RecurrentConfig config{table->dimension(), table->window(), table->session_gap(),
                               table->norm_epsilon(), table->input_scale()};
  const auto within = [](size_t value, size_t most) { return value >= 1 && value <= most; };
  if (!within(config.dimension, 1024) || !within(config.window, 10000))
    return corrupt("the recurrent network's shape is out of range");
  if (!(config.normEpsilon > 0 && config.normEpsilon < 1) ||
      !(config.inputScale > 0 && config.inputScale <= kLargestWeight))
    return corrupt("a parameter of the recurrent network is out of range");
  // Every weight has at least a byte in the file, so this bounds what is allocated.
  if (weightCount(config.dimension) > bundle.header().data()->size())
    return corrupt("the recurrent network's weights are missing");
  return config;
}

Status readRecurrentWeights(const Bundle& bundle, const RecurrentConfig& config,
                            WeightStorage& storage, RecurrentWeights& weights) {
  const size_t d = config.dimension;
  storage.most = weightCount(d);
  ATTUNE_TRY(readUnit(bundle, 0, d, storage, weights.session));
  ATTUNE_TRY(readUnit(bundle, 1, d, storage, weights.user));
  WeightReader read(bundle, 0, storage);
  ATTUNE_TRY(read.matrix(SectionKind::SessionStart, d, d, weights.start));
  ATTUNE_TRY(read.vector(SectionKind::SessionStartBias, d, weights.startBias));
  return read.vector(SectionKind::FinalNorm, d, weights.finalNorm);
}

}  // namespace attune
