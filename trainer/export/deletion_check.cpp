#include "trainer/export/deletion_check.h"

#include <nlohmann/json.hpp>

#include "runtime/bundle/bundle.h"

namespace attune::trainer {
namespace {

/// Deletions that the store of a training had seen: of the weights, where an update kept them, and of
/// everything else.
struct DeletionsSeen {
  bool isUpdate = false;
  Deletions trained;
  Deletions data;
};

Deletions seenBy(const nlohmann::json& provenance, const char* part) {
  const auto found = provenance.find(part);
  if (found == provenance.end() || !found->is_object()) return {};
  Deletions seen;
  const auto count = found->find("deletions");
  const auto mark = found->find("store");
  if (count != found->end() && count->is_number_unsigned()) seen.count = count->get<uint64_t>();
  if (mark != found->end() && mark->is_string()) seen.mark = mark->get<std::string>();
  return seen;
}

DeletionsSeen seenBy(std::span<const uint8_t> bytes) {
  const auto bundle = Bundle::open(bytes);
  if (!bundle.ok()) return {};
  const auto provenance =
      nlohmann::json::parse(bundle.value().provenance(), nullptr, false);
  if (!provenance.is_object()) return {};
  return {provenance.contains("trained"), seenBy(provenance, "trained"),
          seenBy(provenance, "data")};
}

/// A bundle of before the first deletion, or of before stores had marks, has none.
bool isOfAnother(const Deletions& seen, const Deletions& now) {
  return seen.count > 0 && !seen.mark.empty() && seen.mark != now.mark;
}

}  // namespace

std::string deletionFault(std::span<const uint8_t> bundle, const Store& store,
                          const std::string& name) {
  const Deletions now = store.deletions();
  const DeletionsSeen seen = seenBy(bundle);
  if (isOfAnother(seen.trained, now) || isOfAnother(seen.data, now))
    return name +
           ": it was learned from another store, so this one does not know which of its users were "
           "deleted since: give --store the one it was trained from";
  if (seen.isUpdate && seen.trained.count < now.count)
    return name +
           ": its weights were learned before users were deleted from the store, and an update "
           "keeps weights: make a new one with attune train";
  if (seen.data.count < now.count)
    return name +
           ": it was learned before users were deleted from the store: make a new one with attune "
           "train";
  return "";
}

bool knowsDeletions(std::span<const uint8_t> bundle) {
  const DeletionsSeen seen = seenBy(bundle);
  return seen.trained.count > 0 || seen.data.count > 0;
}

}  // namespace attune::trainer
