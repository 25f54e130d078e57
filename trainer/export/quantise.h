#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/export/bundle_builder.h"

namespace attune::trainer {

/// How much of a number a bundle keeps: weights as 8-bit integers with a scale per row, or as f32.
enum class BundlePrecision { int8, float32 };

/// Rows of signed bytes with one scale each: number = scale x byte.
struct QuantisedRows {
  std::vector<int8_t> bytes;  ///< (rows, stride)
  std::vector<float> scales;  ///< (rows)
};

/// Rounds each number to the nearest of 255 steps between the row's largest magnitude and its
/// negative; a row of zeros has scale 0. Numbers from `columns` to `stride` are 0.
/// REQUIRES: rows.size() is a multiple of columns; stride >= columns
QuantisedRows quantiseRows(std::span<const float> rows, size_t columns, size_t stride);

/// Adds a matrix (rows, columns) as bytes, with its scales as the section kind after its own, or as
/// floats without scales.
void addMatrix(SectionKind kind, std::span<const float> matrix, size_t columns, size_t stride,
               BundlePrecision precision, uint32_t column, BundleBuilder& bundle);

}  // namespace attune::trainer
