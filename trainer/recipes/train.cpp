#include "trainer/recipes/train.h"

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
  if (data.deletions > 0) json["data"]["deletions"] = data.deletions;
  if (!request.events.is_null()) json["events"] = request.events;
  if (!request.metrics.is_null()) json["metrics"] = request.metrics;
  return json;
}

void checkData(const Dataset& data) {
  if (data.interactions.size() == 0)
    throw UserError("there are no interactions to learn from: import some with attune import "
                    "--type interactions");
}

std::vector<uint8_t> bundleOf(const Dataset& data, const TrainRequest& request,
                              const TrainedModel& model, const nlohmann::json& provenance) {
  const ItemOrder order(data.items);
  BundleBuilder bundle(order.size(), request.parameters.recipe().name, model.kind());
  writeCatalogue(data, order, request.includeText, bundle);
  writeFilters(request.filters, bundle);
  model.write(order, request.precision, bundle);
  bundle.setProvenance(provenance.dump());
  return bundle.finish();
}

}  // namespace

TrainedBundle train(const Dataset& data, const TrainRequest& request) {
  checkData(data);
  TrainedBundle trained;
  auto start = Clock::now();
  const auto recipe = makeRecipe(request.parameters.recipe().name);
  const auto model = recipe->train(data, request.parameters, request.options);
  trained.seconds.model = secondsSince(start);
  trained.choices = model->choices();
  start = Clock::now();
  nlohmann::json provenance = provenanceOf(data, request);
  if (!trained.choices.is_null()) provenance["choices"] = trained.choices;
  trained.bytes = bundleOf(data, request, *model, provenance);
  trained.seconds.bundle = secondsSince(start);
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
  return bundleOf(data, request, *model, provenance);
}

}  // namespace attune::trainer
