#include "trainer/data/row_hashes.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <string_view>

namespace attune::trainer {
namespace {

uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15u;
  return hash ^ (hash >> 29);
}

uint64_t hashOf(const FieldValue& value) {
  switch (value.kind) {
    case FieldValue::Kind::null:
      return 1;
    case FieldValue::Kind::integer:
      return mix(2, static_cast<uint64_t>(value.integer));
    case FieldValue::Kind::real:
      return mix(3, std::bit_cast<uint64_t>(value.real));
    case FieldValue::Kind::text:
      return mix(4, std::hash<std::string_view>{}(value.text));
  }
  return 0;
}

}  // namespace

uint64_t hashOf(std::span<const FieldValue> row) {
  uint64_t hash = 0;
  for (const FieldValue& value : row) hash = mix(hash, hashOf(value));
  return hash;
}

std::vector<uint64_t> RowHashes::sorted() const {
  std::vector<uint64_t> sorted = hashes_;
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

std::vector<uint64_t> RowHashes::repeated() const {
  const std::vector<uint64_t> all = sorted();
  std::vector<uint64_t> repeated;
  for (size_t i = 1; i < all.size(); ++i)
    if (all[i] == all[i - 1] && (repeated.empty() || repeated.back() != all[i]))
      repeated.push_back(all[i]);
  return repeated;
}

}  // namespace attune::trainer
