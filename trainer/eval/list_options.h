#pragma once

#include <deque>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/serve/engine.h"

namespace attune::trainer {

/// ListControls and all they point to.
struct ListOptions {
  nlohmann::ordered_json source = nlohmann::ordered_json::object();  ///< what they were read from
  std::deque<Filter> filters;
  std::deque<FilterValues> values;
  std::vector<Promotion> promotions;
  std::vector<std::string> names;  ///< (promotions)
  ListControls controls;

  ListOptions() = default;
  ListOptions(const ListOptions&) = delete;  // controls point into it
  ListOptions& operator=(const ListOptions&) = delete;
};

/// The names of all options.
const std::vector<std::string>& listOptionNames();

/// Reads the package's options in its words: diversity, maxPerValue, promotions and so on; null is
/// as if it was not there. Filters are in `language`. Returns what is wrong, beginning with the option; empty when all is well.
std::string readListOptions(const nlohmann::ordered_json& source, const Engine& engine,
                            FilterLanguage language, ListOptions& options);

/// The same from a file that holds a JSON object. Throws UserError, which names the file.
void readListOptionsFile(const std::string& path, const Engine& engine, FilterLanguage language,
                         ListOptions& options);

}  // namespace attune::trainer
