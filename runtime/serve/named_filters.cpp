#include "runtime/serve/named_filters.h"

#include <algorithm>

#include "runtime/bundle/vocabulary.h"
#include "runtime/serve/filter_parser.h"

namespace attune {
namespace {

bool isLetterOrDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

}  // namespace

bool NamedFilters::isName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameLength && isLetterOrDigit(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return isLetterOrDigit(c) || c == '-' || c == '_'; });
}

Result<NamedFilters> NamedFilters::open(const Bundle& bundle) {
  NamedFilters filters;
  bool any = false;
  for (const SectionKind kind : {SectionKind::FilterNameText, SectionKind::FilterNameOffsets,
                                 SectionKind::FilterText, SectionKind::FilterOffsets})
    any = any || bundle.has(kind);
  if (!any) return filters;
  const auto raw = bundle.bytes(SectionKind::FilterNameOffsets);
  ATTUNE_TRY(raw);
  // Of no offsets at all this is one too few, which strings() refuses.
  const size_t count = std::max<size_t>(raw.value().size() / 4, 1) - 1;
  const auto names = bundle.strings(SectionKind::FilterNameText, {SectionKind::FilterNameOffsets},
                                    count, {.ascending = true});
  ATTUNE_TRY(names);
  const auto expressions =
      bundle.strings(SectionKind::FilterText, {SectionKind::FilterOffsets}, count,
                     {.maxBytes = FilterParser::kMaxLength, .allowEmpty = false});
  ATTUNE_TRY(expressions);
  for (uint32_t i = 0; i < names.value().size(); ++i)
    if (!isName(names.value()[i]))
      return Error{ErrorCode::CorruptBundle, "the name of a filter is none"};
  filters.names_ = names.value();
  filters.expressions_ = expressions.value();
  return filters;
}

uint32_t NamedFilters::find(std::string_view name) const {
  // Both look up a text among ascending ones, and both say 2^32 - 1 when it is not there.
  static_assert(kNone == kUnknownItem);
  return Vocabulary(names_).find(name);
}

}  // namespace attune
