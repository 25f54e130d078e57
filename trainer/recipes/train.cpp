#include "trainer/recipes/train.h"

#include <algorithm>
#include <chrono>

#include "trainer/base/errors.h"
#include "trainer/export/catalogue_writer.h"

namespace attune::trainer {
namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// What a person may want to know of a bundle; nothing of the clock or the machine, so that equal
/// data give equal bytes.
nlohmann::json provenanceOf(const Dataset& data, const TrainRequest& request) {
  const Interactions& events = data.interactions;
  nlohmann::json json = {
      {"attune", ATTUNE_VERSION},
      {"recipe", request.parameters.recipe().name},
      {"parameters", request.parameters.toJson()},
      {"seed", request.options.seed},
      {"data",
       {{"interactions", events.size()},
        {"users", data.users.size()},
        {"items", data.items.size()},
        {"firstTimestamp", events.timestamp.front()},
        {"lastTimestamp", events.timestamp.back()}}}};
  if (data.deletions.count > 0) {
    json["data"]["deletions"] = data.deletions.count;
    json["data"]["store"] = data.deletions.mark;
  }
  if (!request.events.is_null()) json["events"] = request.events;
  if (!request.metrics.is_null()) json["metrics"] = request.metrics;
  return json;
}

void checkData(const Dataset& data) {
  if (data.interactions.size() == 0)
    throw UserError("there are no interactions to learn from: import some with attune import "
                    "--type interactions");
}

/// The newest items of users evenly spread, at least one event each, by the bundle's numbers.
std::vector<std::vector<uint32_t>> sampleHistories(const Dataset& data, const ItemOrder& order) {
  constexpr size_t kUsers = 200, kEvents = 50;
  const Interactions& events = data.interactions;
  std::vector<uint32_t> places(data.users.size());  // in the sample, from 1; 0 = not yet met
  uint32_t met = 0;
  for (const uint32_t user : events.user)
    if (places[user] == 0) places[user] = ++met;
  const size_t step = std::max<size_t>(1, met / kUsers);
  std::vector<std::vector<uint32_t>> histories((met + step - 1) / step);
  for (size_t i = events.size(); i-- > 0;) {
    const size_t place = places[events.user[i]] - 1;
    if (place % step != 0 || histories[place / step].size() == kEvents) continue;
    histories[place / step].push_back(order.toBundle[events.item[i]]);
  }
  for (auto& history : histories) std::reverse(history.begin(), history.end());
  return histories;
}

TrainedBundle bundleOf(const Dataset& data, const TrainRequest& request, const TrainedModel& model,
                       nlohmann::json provenance) {
  const ItemOrder order(data.items);
  BundleBuilder bundle(order.size(), request.parameters.recipe().name, model.kind());
  writeCatalogue(data, order, request.includeText, bundle);
  writeFilters(request.filters, bundle);
  model.write(order, request.precision, bundle);
  const char* parameter = "compressed_scan_from_items";
  std::optional<FirstPass> pass;
  if (request.parameters.has(parameter) && order.size() >= request.parameters.integer(parameter))
    pass = addFirstPass(sampleHistories(data, order), bundle);
  if (pass) provenance["firstPass"] = pass->toJson();
  bundle.setProvenance(provenance.dump());
  return {.bytes = bundle.finish(), .firstPass = pass};
}

}  // namespace

TrainedBundle train(const Dataset& data, const TrainRequest& request) {
  checkData(data);
  auto start = Clock::now();
  const auto recipe = makeRecipe(request.parameters.recipe().name);
  const auto model = recipe->train(data, request.parameters, request.options);
  const double seconds = secondsSince(start);
  start = Clock::now();
  nlohmann::json provenance = provenanceOf(data, request);
  const nlohmann::json choices = model->choices();
  if (!choices.is_null()) provenance["choices"] = choices;
  TrainedBundle trained = bundleOf(data, request, *model, provenance);
  trained.choices = choices;
  trained.seconds = {.model = seconds, .bundle = secondsSince(start)};
  return trained;
}

std::vector<uint8_t> trainBundle(const Dataset& data, const TrainRequest& request) {
  return train(data, request).bytes;
}

std::vector<uint8_t> trainFrom(const Bundle& bundle, const Dataset& data,
                               const TrainRequest& request) {
  checkData(data);
  const auto recipe = makeRecipe(request.parameters.recipe().name);
  const auto model = recipe->update(bundle, data, request.parameters, request.options);
  nlohmann::json provenance = provenanceOf(data, request);
  if (!request.options.choices.is_null()) provenance["choices"] = request.options.choices;
  const auto before = nlohmann::json::parse(bundle.provenance());
  provenance["trained"] = before.contains("trained") ? before["trained"] : before.at("data");
  return bundleOf(data, request, *model, provenance).bytes;
}

}  // namespace attune::trainer
