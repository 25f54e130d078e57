#include "trainer/data/rows.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace attune::trainer {
namespace {
constexpr size_t kChunkBytes = 1 << 18;
}

bool FieldValue::operator==(const FieldValue& other) const {
  if (kind != other.kind) return false;
  switch (kind) {
    case Kind::null:
      return true;
    case Kind::integer:
      return integer == other.integer;
    case Kind::real:
      return std::bit_cast<uint64_t>(real) == std::bit_cast<uint64_t>(other.real);
    case Kind::text:
      return text == other.text;
  }
  return false;
}

void RowBatch::append(std::span<const FieldValue> row) {
  for (FieldValue value : row) {
    if (value.kind == FieldValue::Kind::text) value.text = keep(value.text);
    values_.push_back(value);
  }
}

std::string_view RowBatch::keep(std::string_view text) {
  if (text.empty()) return {};
  if (text.size() > freeBytes_) {
    freeBytes_ = std::max(kChunkBytes, text.size());
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(freeBytes_));
    free_ = chunks_.back().get();
  }
  std::memcpy(free_, text.data(), text.size());
  const std::string_view kept(free_, text.size());
  free_ += text.size();
  freeBytes_ -= text.size();
  textBytes_ += text.size();
  return kept;
}

}  // namespace attune::trainer
