#pragma once

#include <cstdint>
#include <span>
#include <vector>

/// How a bundle is cut into the files that are published.
namespace attune::trainer {

/// Bytes of a bundle that make a file.
struct BundlePart {
  std::span<const uint8_t> bytes;
  bool metadata = false;  ///< nothing but items' metadata, without which an engine opens too
};

/// A bundle in parts of at most `most` bytes (at least 1), in order. Its items' metadata, whose sections
/// are neighbours, are parts of their own if they have at least `metadataApart` bytes (at least 1).
/// Bytes that are no bundle have none.
std::vector<BundlePart> partsOf(std::span<const uint8_t> bundle, uint64_t metadataApart,
                                uint64_t most);

}  // namespace attune::trainer
