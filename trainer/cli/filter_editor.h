#pragma once

#include <set>
#include <string>

#include "runtime/serve/filter_fields.h"
#include "trainer/data/dataset.h"
#include "trainer/export/filter_writer.h"

namespace attune::trainer {

/// Changes the named filters of a bundle's file, without training: everything else in it stays byte
/// for byte, and a reader sees the old file or the new one.
struct FilterEditor {
  std::string bundle;
  std::string output;  ///< may be the bundle itself
  bool compatible = false;

  /// Keeps an expression under a name. Throws UserError for a name that is none and for an
  /// expression that the bundle's own fields do not allow.
  void save(const std::string& name, const std::string& expression) const;
  /// Takes a filter out. Throws UserError when there is none of that name.
  void remove(const std::string& name) const;
  /// Prints the filters, a JSON object each, with what is wrong with it.
  void list() const;
};

/// The filters of a file {"name": "expression", ...}. Throws UserError for anything else.
FilterTexts readFilters(const std::string& path);

/// Throws UserError for the first filter that a bundle of this data would not understand. Of the
/// text columns it has those named in `includeText`.
void checkFilters(const FilterTexts& filters, const Dataset& data,
                  const std::set<std::string>& includeText);

}  // namespace attune::trainer
