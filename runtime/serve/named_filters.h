#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/bundle/bundle.h"

namespace attune {

/// The filter expressions that a bundle has names for, by name, ascending. Only their form is
/// checked: what they say is found out when one is compiled. A view: borrows the bundle's bytes.
/// Immutable, thread-safe.
class NamedFilters {
 public:
  static constexpr uint32_t kNone = ~uint32_t{0};
  static constexpr size_t kMaxNameLength = 63;

  /// Whether a text is a name and so no expression: a letter or digit, then letters, digits, - and
  /// _, up to 63 of them, as in Personalize.
  static bool isName(std::string_view text);

  /// None where the bundle has no such sections. Error: CorruptBundle.
  static Result<NamedFilters> open(const Bundle& bundle);
  NamedFilters() = default;

  uint32_t size() const { return names_.size(); }
  /// REQUIRES: filter < size()
  std::string_view name(uint32_t filter) const { return names_[filter]; }
  std::string_view expression(uint32_t filter) const { return expressions_[filter]; }
  /// The filter of exactly that name, or kNone.
  uint32_t find(std::string_view name) const;

 private:
  StringsView names_;
  StringsView expressions_;
};

}  // namespace attune
