#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/bundle/bundle.h"

namespace attune {

/// The item of an event or request that the bundle does not have.
constexpr uint32_t kUnknownItem = ~uint32_t{0};

/// Item ids and their numbers: items are numbered in the byte order of their ids, so looking one up
/// is a binary search and needs no table. A view: borrows the bundle's bytes. Thread-safe.
class Vocabulary {
 public:
  static Result<Vocabulary> open(const Bundle& bundle);
  /// REQUIRES: ids ascend, none twice
  explicit Vocabulary(StringsView ids) : ids_(ids) {}

  uint32_t size() const { return ids_.size(); }
  /// REQUIRES: item < size()
  std::string_view operator[](uint32_t item) const { return ids_[item]; }
  /// The item's number, or kUnknownItem.
  uint32_t find(std::string_view id) const;

 private:
  StringsView ids_;
};

}  // namespace attune
