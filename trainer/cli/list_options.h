#pragma once

#include <deque>
#include <string>
#include <vector>

#include "runtime/serve/engine.h"

namespace attune::trainer {

/// ListControls and all they point to.
struct ListOptions {
  std::deque<Filter> filters;
  std::deque<FilterValues> values;
  std::vector<Promotion> promotions;
  std::vector<std::string> names;  ///< (promotions)
  ListControls controls;

  ListOptions() = default;
  ListOptions(const ListOptions&) = delete;  // controls point into it
  ListOptions& operator=(const ListOptions&) = delete;
};

/// Reads a JSON object in the words of the package's options: diversity, maxPerValue, promotions
/// and so on. Filters are in `language`. Throws UserError, which names the file and the key.
void readListOptions(const std::string& path, const Engine& engine, FilterLanguage language,
                     ListOptions& options);

}  // namespace attune::trainer
