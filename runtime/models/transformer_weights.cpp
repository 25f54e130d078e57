#include "runtime/models/transformer_weights.h"

#include "runtime/models/weight_reader.h"

namespace attune {
namespace {

Error corrupt(const char* what) { return {ErrorCode::CorruptBundle, what}; }

size_t layerSize(const TransformerConfig& c) {
  const size_t d = c.dimension;
  return 2 * d + 4 * d * d + c.heads * c.window + 3 * d * c.feedForward;
}

}  // namespace

Result<TransformerConfig> readTransformerConfig(const Bundle& bundle) {
  const auto* table = bundle.header().transformer();
  if (table == nullptr) return corrupt("the transformer has no configuration");
  const TransformerConfig config{table->dimension(),    table->layers(), table->heads(),
                                 table->feed_forward(), table->window(), table->norm_epsilon(),
                                 table->input_scale(),  table->pointer()};
  const auto within = [](size_t value, size_t most) { return value >= 1 && value <= most; };
  if (!within(config.dimension, 1024) || !within(config.layers, 64) ||
      !within(config.heads, config.dimension) || config.dimension % config.heads != 0 ||
      !within(config.feedForward, 8192) || !within(config.window, 10000) || config.pointer > 1024)
    return corrupt("the transformer's shape is out of range");
  if (!(config.normEpsilon > 0 && config.normEpsilon < 1) ||
      !(config.inputScale > 0 && config.inputScale <= kLargestWeight))
    return corrupt("a parameter of the transformer is out of range");
  // Every weight has at least a byte in the file, so this bounds what is allocated.
  if (weightCount(config) > bundle.header().data()->size())
    return corrupt("the transformer's weights are missing");
  return config;
}

size_t weightCount(const TransformerConfig& config) {
  return config.layers * layerSize(config) + config.dimension +
         (config.pointer > 0
              ? Pointer::weightCount(config.dimension, config.pointer, config.window)
              : 0);
}

Status readTransformerWeights(const Bundle& bundle, const TransformerConfig& config,
                              WeightStorage& storage, Buffer<TransformerLayer>& layers,
                              std::span<const float>& finalNorm) {
  const size_t d = config.dimension;
  const size_t f = config.feedForward;
  storage.most = weightCount(config);
  for (uint32_t index = 0; index < config.layers; ++index) {
    TransformerLayer layer;
    WeightReader read(bundle, index, storage);
    ATTUNE_TRY(read.vector(SectionKind::AttentionNorm, d, layer.attentionNorm));
    ATTUNE_TRY(read.matrix(SectionKind::QueryKeyValue, 3 * d, d, layer.queryKeyValue));
    ATTUNE_TRY(
        read.vector(SectionKind::DistanceBias, config.heads * config.window, layer.distanceBias));
    ATTUNE_TRY(read.matrix(SectionKind::AttentionOut, d, d, layer.attentionOut));
    ATTUNE_TRY(read.vector(SectionKind::FeedForwardNorm, d, layer.feedForwardNorm));
    ATTUNE_TRY(read.matrix(SectionKind::GateAndUp, 2 * f, d, layer.gateAndUp));
    ATTUNE_TRY(read.matrix(SectionKind::Down, d, f, layer.down));
    ATTUNE_TRY(layers.push(layer));
  }
  return WeightReader(bundle, 0, storage).vector(SectionKind::FinalNorm, d, finalNorm);
}

}  // namespace attune
