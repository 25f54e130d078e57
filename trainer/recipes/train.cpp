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
  if (!request.metrics.is_null()) json["metrics"] = request.metrics;
  return json;
}

}  // namespace

std::vector<uint8_t> trainBundle(const Dataset& data, const TrainRequest& request,
                                 TrainSeconds* seconds) {
  if (data.interactions.size() == 0)
    throw UserError("there are no interactions to learn from: import some with attune import "
                    "--type interactions");
  const std::string& recipe = request.parameters.recipe().name;
  auto start = Clock::now();
  const auto model = makeRecipe(recipe)->train(data, request.parameters, request.options);
  if (seconds != nullptr) seconds->model = secondsSince(start);
  start = Clock::now();
  const ItemOrder order(data.items);
  BundleBuilder bundle(order.size(), recipe, model->kind());
  writeCatalogue(data, order, request.includeText, bundle);
  model->write(order, request.precision, bundle);
  bundle.setProvenance(provenanceOf(data, request).dump());
  std::vector<uint8_t> bytes = bundle.finish();
  if (seconds != nullptr) seconds->bundle = secondsSince(start);
  return bytes;
}

}  // namespace attune::trainer
