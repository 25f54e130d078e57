#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "trainer/eval/evaluator.h"

namespace attune::trainer {

/// The sections of an evaluation as JSON: {"metrics": {"coverage": {"value": .., "se": ..,
/// "popularity": ..}, ..}, "next": .., "cold": ..}; "popularity" where a baseline is given.
nlohmann::ordered_json toJson(const Evaluation& evaluation, const Evaluation* popularity);

/// The same for people: a table a section, one line a metric.
std::string toTable(const Evaluation& evaluation, const Evaluation* popularity,
                    const std::string& recipe);

}  // namespace attune::trainer
