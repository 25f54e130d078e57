#include "trainer/export/filter_writer.h"

#include <algorithm>

#include "trainer/base/errors.h"

namespace attune::trainer {

FilterTexts textsOf(const NamedFilters& filters) {
  FilterTexts texts;
  for (uint32_t i = 0; i < filters.size(); ++i)
    texts.emplace(filters.name(i), filters.expression(i));
  return texts;
}

void writeFilters(const FilterTexts& filters, BundleBuilder& bundle) {
  if (filters.empty()) {
    // Not four empty sections: a bundle whose last filter went is one that never had any.
    for (const SectionKind kind : {SectionKind::FilterNameText, SectionKind::FilterNameOffsets,
                                   SectionKind::FilterText, SectionKind::FilterOffsets})
      bundle.remove(kind);
    return;
  }
  std::vector<std::string> names;
  std::vector<std::string> expressions;
  for (const auto& [name, expression] : filters) {
    names.push_back(name);
    expressions.push_back(expression);
  }
  bundle.addStrings(SectionKind::FilterNameText, SectionKind::FilterNameOffsets, names);
  bundle.addStrings(SectionKind::FilterText, SectionKind::FilterOffsets, expressions);
}

std::vector<uint8_t> withFilters(const Bundle& bundle, std::span<const uint8_t> file,
                                 const FilterTexts& filters) {
  BundleBuilder builder = BundleBuilder::copyOf(bundle);
  const std::vector<uint8_t> unchanged = builder.finish();
  if (!std::equal(unchanged.begin(), unchanged.end(), file.begin(), file.end()))
    throw UserError(
        "another version of Attune wrote this bundle in another way: edit it with that "
        "version or train it anew");
  writeFilters(filters, builder);
  return builder.finish();
}

}  // namespace attune::trainer
