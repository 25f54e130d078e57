#include "trainer/eval/deletion_check.h"

#include <nlohmann/json.hpp>

#include "trainer/base/errors.h"

namespace attune::trainer {
namespace {

/// How many deletions the store of a training had seen, by `part` of the provenance.
uint64_t deletionsSeen(const nlohmann::json& provenance, const char* part) {
  const auto found = provenance.find(part);
  return found == provenance.end() || !found->is_object() ? 0
                                                          : found->value("deletions", uint64_t{0});
}

}  // namespace

void requireAfterDeletions(const Bundle& bundle, const Store& store, const std::string& name) {
  const uint64_t now = store.deletions();
  if (now == 0) return;
  const auto provenance = nlohmann::json::parse(bundle.provenance(), nullptr, false);
  const nlohmann::json& known = provenance.is_object() ? provenance : nlohmann::json::object();
  if (known.contains("trained") && deletionsSeen(known, "trained") < now)
    throw UserError(name +
                    ": its weights were learned before users were deleted from the store, and an "
                    "update keeps weights: make a new one with attune train");
  if (deletionsSeen(known, "data") < now)
    throw UserError(name +
                    ": it was learned before users were deleted from the store: make a new one "
                    "with attune train");
}

}  // namespace attune::trainer
