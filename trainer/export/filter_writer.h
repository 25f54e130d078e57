#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "runtime/serve/named_filters.h"
#include "trainer/export/bundle_builder.h"

namespace attune::trainer {

/// Filter expressions by name.
using FilterTexts = std::map<std::string, std::string>;

/// The filters of a bundle.
FilterTexts textsOf(const NamedFilters& filters);

/// Makes these the named filters of a bundle, in place of those it has.
/// REQUIRES: names are names (NamedFilters::isName), expressions can be compiled
void writeFilters(const FilterTexts& filters, BundleBuilder& bundle);

/// The file of a bundle with these filters instead of its own: what training would have written.
/// `file` is the bundle's bytes. REQUIRES: as of writeFilters(). Throws UserError for a bundle
/// that holds what this version of Attune cannot write, which would be lost.
std::vector<uint8_t> withFilters(const Bundle& bundle, std::span<const uint8_t> file,
                                 const FilterTexts& filters);

}  // namespace attune::trainer
