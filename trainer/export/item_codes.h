#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace attune::trainer {

/// Vectors by codes of 4 bits for four numbers each, as runtime/base/code_scan.h reads them.
struct ItemCodes {
  std::vector<float> points;   ///< (2 x columns, 16, 4): what the codes stand for, in the rows' unit
  std::vector<uint8_t> codes;  ///< (blocks of 16 rows, columns, 16)
};

/// Product quantisation (Jegou, Douze and Schmid 2011): the 16 points of each four numbers are
/// where k-means puts them (Lloyd 1982) in a sample of the vectors; each vector gets the nearest
/// ones. The vectors are rows of bytes without their scales, so that long ones are told apart as well
/// as short ones. The same rows give the same codes. REQUIRES: at least one row; rows.size() is a
/// multiple of stride, which is a multiple of 16; dimension <= stride
ItemCodes codeItems(std::span<const int8_t> rows, size_t dimension, size_t stride);

}  // namespace attune::trainer
