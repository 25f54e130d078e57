#include "trainer/recipes/update.h"

#include <algorithm>

#include "runtime/bundle/catalogue.h"
#include "runtime/bundle/vocabulary.h"
#include "runtime/serve/named_filters.h"
#include "trainer/base/errors.h"

namespace attune::trainer {
namespace {

using nlohmann::json;

template <typename T>
T valueOf(Result<T> result, const std::string& name) {
  if (!result.ok()) throw UserError(name + ": " + result.error().what);
  return std::move(result.value());
}

/// What the bundle says of its own making.
json provenanceOf(const Bundle& bundle, const std::string& name) {
  json provenance = json::parse(bundle.provenance(), nullptr, /*allow_exceptions=*/false);
  if (!provenance.is_object() || !provenance.contains("parameters"))
    throw UserError(name +
                    ": does not say what it was trained with, so it cannot be updated; train a "
                    "bundle with attune train");
  return provenance;
}

void checkTextColumns(const std::set<std::string>& names, const Dataset& data,
                      const std::string& bundle) {
  for (const std::string& name : names)
    if (std::none_of(data.itemColumns.begin(), data.itemColumns.end(),
                     [&](const Column& column) { return column.name == name; }))
      throw UserError(bundle + ": has the items' text column " + name +
                      ", which the store's Items dataset has no longer: train anew");
}

UpdatedItems compare(const Vocabulary& before, const Dataset& data) {
  std::vector<uint8_t> met(data.items.size());
  for (const uint32_t item : data.interactions.item) met[item] = 1;
  UpdatedItems items;
  for (uint32_t item = 0; item < data.items.size(); ++item) {
    const bool known = before.find(data.items[item]) != kUnknownItem;
    ++(known ? items.known : items.added);
    if (!known && met[item] == 0) ++items.addedUnseen;
  }
  items.removed = before.size() - items.known;
  return items;
}

}  // namespace

Solution solutionOfBundle(const Bundle& bundle, const std::string& name) {
  const json provenance = provenanceOf(bundle, name);
  json config = provenance.value("events", json::object());
  config["solutionConfig"] = json::object();
  for (const char* inside : {"eventValueThreshold", "eventsConfig", "protection"})
    if (config.contains(inside)) {
      config["solutionConfig"][inside] = config[inside];
      config.erase(inside);
    }
  config["recipe"] = std::string(bundle.recipe());
  json& parameters = config["solutionConfig"]["algorithmHyperParameters"];
  parameters = json::object();
  for (const auto& [key, value] : provenance.at("parameters").items())
    if (!value.is_null()) parameters[key] = value;
  return readSolution(config, name + ": provenance");
}

std::set<std::string> textColumnsOf(const Bundle& bundle, const std::string& name) {
  const Catalogue catalogue = valueOf(Catalogue::open(bundle), name);
  std::set<std::string> names;
  for (uint32_t i = 0; i < catalogue.columnCount(); ++i)
    if (catalogue.column(i).type == ColumnType::Text) names.emplace(catalogue.column(i).name);
  return names;
}

UpdatedBundle updateBundle(const Bundle& bundle, const std::string& name, const Dataset& data,
                           unsigned threads) {
  const json provenance = provenanceOf(bundle, name);
  TrainRequest request{solutionOfBundle(bundle, name).parameters};
  request.options.seed = provenance.value("seed", uint64_t{1});
  request.options.threads = threads;
  request.options.choices = provenance.value("choices", json());
  request.includeText = textColumnsOf(bundle, name);
  checkTextColumns(request.includeText, data, name);
  request.filters = textsOf(valueOf(NamedFilters::open(bundle), name));
  request.events = provenance.value("events", json());
  request.metrics = provenance.value("metrics", json());
  if (bundle.has(SectionKind::ItemVectors) && !bundle.has(SectionKind::ItemVectorScales))
    request.precision = BundlePrecision::float32;
  UpdatedBundle updated;
  updated.items = compare(valueOf(Vocabulary::open(bundle), name), data);
  updated.bytes = trainFrom(bundle, data, request);
  return updated;
}

}  // namespace attune::trainer
