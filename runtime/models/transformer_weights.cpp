#include "runtime/models/transformer_weights.h"

namespace attune {
namespace {

Error corrupt(const char* what) { return {ErrorCode::CorruptBundle, what}; }

/// Appends weights to storage that has room for all of them, and gives back where they lie.
class WeightReader {
 public:
  WeightReader(const Bundle& bundle, uint32_t layer, Buffer<float>& storage)
      : bundle_(bundle), layer_(layer), storage_(storage) {}

  Status vector(SectionKind kind, size_t count, std::span<const float>& out) {
    const auto floats = bundle_.floats(kind, count, layer_, kLargestWeight);
    ATTUNE_TRY(floats);
    return append(floats.value(), out);
  }

  /// A matrix whose scales, if it has any, are the section kind after its own.
  Status matrix(SectionKind kind, size_t rows, size_t columns, std::span<const float>& out) {
    const auto scalesKind = static_cast<SectionKind>(static_cast<uint16_t>(kind) + 1);
    if (!bundle_.has(scalesKind, layer_)) return vector(kind, rows * columns, out);
    const auto bytes = bundle_.signedBytes(kind, rows * columns, layer_);
    ATTUNE_TRY(bytes);
    const auto scales = bundle_.floats(scalesKind, rows, layer_, kLargestWeight / 128);
    ATTUNE_TRY(scales);
    const size_t begin = storage_.size();
    ATTUNE_TRY(storage_.resize(begin + rows * columns));
    for (size_t i = 0; i < rows * columns; ++i)
      storage_[begin + i] = scales.value()[i / columns] * static_cast<float>(bytes.value()[i]);
    out = storage_.span().subspan(begin);
    return {};
  }

 private:
  Status append(std::span<const float> values, std::span<const float>& out) {
    const size_t begin = storage_.size();
    ATTUNE_TRY(storage_.append(values));
    out = storage_.span().subspan(begin);
    return {};
  }

  const Bundle& bundle_;
  uint32_t layer_;
  Buffer<float>& storage_;
};

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
                                 table->input_scale()};
  const auto within = [](size_t value, size_t most) { return value >= 1 && value <= most; };
  if (!within(config.dimension, 1024) || !within(config.layers, 64) ||
      !within(config.heads, config.dimension) || config.dimension % config.heads != 0 ||
      !within(config.feedForward, 8192) || !within(config.window, 10000))
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
  return config.layers * layerSize(config) + config.dimension;
}

Status readTransformerWeights(const Bundle& bundle, const TransformerConfig& config,
                              Buffer<float>& storage, Buffer<TransformerLayer>& layers,
                              std::span<const float>& finalNorm) {
  const size_t d = config.dimension;
  const size_t f = config.feedForward;
  ATTUNE_TRY(storage.reserve(weightCount(config)));
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

Result<ItemVectors> readItemVectors(const Bundle& bundle, size_t dimension) {
  const size_t items = bundle.itemCount();
  ItemVectors vectors;
  vectors.dimension = dimension;
  if (!bundle.has(SectionKind::ItemVectorScales)) {
    const auto floats =
        bundle.floats(SectionKind::ItemVectors, items * dimension, 0, kLargestWeight);
    ATTUNE_TRY(floats);
    vectors.floats = floats.value();
    return vectors;
  }
  const size_t stride = (dimension + 15) / 16 * 16;
  const auto bytes = bundle.signedBytes(SectionKind::ItemVectors, items * stride);
  ATTUNE_TRY(bytes);
  const auto scales = bundle.floats(SectionKind::ItemVectorScales, items, 0, kLargestWeight / 128);
  ATTUNE_TRY(scales);
  vectors.bytes = {bytes.value(), scales.value(), stride};
  return vectors;
}

}  // namespace attune
