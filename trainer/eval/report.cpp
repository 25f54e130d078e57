#include "trainer/eval/report.h"

#include <cstdio>

#include "trainer/base/progress.h"

namespace attune::trainer {
namespace {

const Estimate* baselineOf(const Evaluation* popularity, const std::string& section,
                           const std::string& metric) {
  const EvaluationSection* found = popularity == nullptr ? nullptr : popularity->find(section);
  return found == nullptr ? nullptr : &(*found)[metric];
}

std::string titleOf(const EvaluationSection& section) {
  const std::string cases = withThousands(section.cases);
  if (section.name == "next") return cases + " users with a history, the next item alone";
  if (section.name == "cold") return cases + " users without a history";
  return cases + " users with a history";
}

std::string padded(std::string text, size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string line(const NamedEstimate& metric, const Estimate* baseline) {
  char numbers[96];
  std::snprintf(numbers, sizeof numbers, "%8.5f ± %.5f", metric.estimate.value,
                metric.estimate.standardError);
  std::string text = "  " + padded(metric.name, 46) + numbers;
  if (baseline != nullptr) {
    std::snprintf(numbers, sizeof numbers, "   %8.5f", baseline->value);
    text += numbers;
  }
  return text + '\n';
}

}  // namespace

nlohmann::ordered_json toJson(const Evaluation& evaluation, const Evaluation* popularity) {
  nlohmann::ordered_json document = nlohmann::ordered_json::object();
  for (const EvaluationSection& section : evaluation.sections) {
    nlohmann::ordered_json& metrics = document[section.name];
    for (const NamedEstimate& metric : section.metrics) {
      nlohmann::ordered_json& one = metrics[metric.name];
      one["value"] = metric.estimate.value;
      one["se"] = metric.estimate.standardError;
      const Estimate* baseline = baselineOf(popularity, section.name, metric.name);
      if (baseline != nullptr) one["popularity"] = baseline->value;
    }
  }
  return document;
}

std::string toTable(const Evaluation& evaluation, const Evaluation* popularity,
                    const std::string& recipe) {
  std::string text;
  for (const EvaluationSection& section : evaluation.sections) {
    text += titleOf(section) + '\n';
    text += "  " + padded("metric", 46) + padded(recipe, 19);
    text += popularity == nullptr ? "\n" : " popularity\n";
    for (const NamedEstimate& metric : section.metrics)
      text += line(metric, baselineOf(popularity, section.name, metric.name));
  }
  return text;
}

}  // namespace attune::trainer
