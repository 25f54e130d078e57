#include "trainer/server/disk_space.h"

#include <filesystem>
#include <system_error>

#include "trainer/base/errors.h"

namespace attune::trainer {
namespace {

constexpr uint64_t kMegabyte = 1'000'000;

std::string megabytes(uint64_t bytes) { return std::to_string(bytes / kMegabyte) + " MB"; }

}  // namespace

DiskSpace::DiskSpace(const std::string& store, uint64_t minFreeBytes) : minFreeBytes_(minFreeBytes) {
  if (store.find("://") == std::string::npos)
    folder_ = std::filesystem::absolute(store).parent_path().string();
}

void DiskSpace::check() const {
  if (folder_.empty() || minFreeBytes_ == 0) return;
  std::error_code error;
  const auto space = std::filesystem::space(folder_, error);
  if (error || space.available >= minFreeBytes_) return;
  throw UserError("only " + megabytes(space.available) + " are free in " + folder_ +
                  ", fewer than minFreeMegabytes (" + megabytes(minFreeBytes_) +
                  "): make room, or lower it in the configuration");
}

}  // namespace attune::trainer
