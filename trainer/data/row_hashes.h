#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/data/rows.h"

namespace attune::trainer {

/// A hash of all values of a row: rows equal in every field have the same. Stable within one
/// process only.
uint64_t hashOf(std::span<const FieldValue> row);

/// Finds rows that may be equal, without an index: 8 bytes a row, in the order they are added, and
/// as much again while they are looked through. For one thread.
class RowHashes {
 public:
  void add(std::span<const FieldValue> row) { hashes_.push_back(hashOf(row)); }
  void clear() { hashes_.clear(); }
  size_t size() const { return hashes_.size(); }
  uint64_t operator[](size_t row) const { return hashes_[row]; }
  /// All of them, sorted.
  std::vector<uint64_t> sorted() const;
  /// Those that more than one row has, each once, sorted.
  std::vector<uint64_t> repeated() const;

 private:
  std::vector<uint64_t> hashes_;
};

}  // namespace attune::trainer
