#pragma once

#include <cstdint>
#include <span>

#include "runtime/base/code_scan.h"
#include "runtime/base/scan.h"
#include "runtime/models/model.h"

namespace attune {

constexpr size_t kLargestShortlist = size_t{1} << 20;

/// The items' vectors, as they lie in the bundle: bytes with scales, or floats. What the models
/// share that score an item by its vector's product with a user's. A view.
struct ItemVectors {
  ByteRows bytes;
  std::span<const float> floats;  // (items, d), if there are no bytes
  CodedRows codes;                // of the bytes, if the bundle has them
  std::span<const float> points;  // what the codes stand for
  size_t shortlist = 0;           // how many of the best by codes are refined; 0 without codes
  size_t dimension = 0;

  /// out (d) = the item's vector.
  void copy(uint32_t item, std::span<float> out) const;

  /// Whether scan() rounds the vector it is given, so that refine() is more exact.
  bool approximates() const { return floats.empty(); }
  /// scores (items) = the products of all items' vectors with `vector` (d); unless they are to be
  /// `exact`, by the codes, where there are any.
  Status scan(std::span<const float> vector, bool exact, ModelScratch& scratch,
              std::span<float> scores) const;
  /// The same for some items, in float. REQUIRES: approximates()
  void refine(std::span<const float> vector, std::span<Scored> ranked) const;
  /// The cosine of two items' vectors.
  float similarity(uint32_t a, uint32_t b) const;
  /// scores (items) = the cosines of all items' vectors with that of `item`.
  Status scoreRelated(uint32_t item, ModelScratch& scratch, std::span<float> scores) const;
};

/// The items' vectors of a bundle, checked. Error: CorruptBundle.
Result<ItemVectors> readItemVectors(const Bundle& bundle, size_t dimension);

}  // namespace attune
