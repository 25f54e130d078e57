#include "trainer/eval/deletion_check.h"

#include <nlohmann/json.hpp>

#include "trainer/base/errors.h"

namespace attune::trainer {
namespace {

/// The deletions that the store of a training had seen, by `part` of the provenance.
Deletions deletionsSeen(const nlohmann::json& provenance, const char* part) {
  const auto found = provenance.find(part);
  if (found == provenance.end() || !found->is_object()) return {};
  return {found->value("deletions", uint64_t{0}), found->value("store", "")};
}

/// A bundle of before stores had marks, or before the first deletion, has none.
bool isOfAnother(const Deletions& seen, const Deletions& now) {
  return seen.count > 0 && !seen.mark.empty() && seen.mark != now.mark;
}

}  // namespace

void requireAfterDeletions(const Bundle& bundle, const Store& store, const std::string& name) {
  const Deletions now = store.deletions();
  const auto provenance = nlohmann::json::parse(bundle.provenance(), nullptr, false);
  const nlohmann::json& known = provenance.is_object() ? provenance : nlohmann::json::object();
  for (const char* part : {"trained", "data"})
    if (isOfAnother(deletionsSeen(known, part), now))
      throw UserError(name +
                      ": it was learned from another store, so this one does not know which of its "
                      "users were deleted since: give --store the one it was trained from");
  if (known.contains("trained") && deletionsSeen(known, "trained").count < now.count)
    throw UserError(name +
                    ": its weights were learned before users were deleted from the store, and an "
                    "update keeps weights: make a new one with attune train");
  if (deletionsSeen(known, "data").count < now.count)
    throw UserError(name +
                    ": it was learned before users were deleted from the store: make a new one "
                    "with attune train");
}

}  // namespace attune::trainer
