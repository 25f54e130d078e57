#pragma once

#include <cstdint>
#include <string>

namespace attune::trainer {

/// How full the disk of a store may become. A disk that is quite full fails in the middle of a write
/// and takes along what else is on it; what stops before can still be imported from and cleaned up.
class DiskSpace {
 public:
  /// `minFreeBytes` must stay free where the file `store` is; 0: no limit. The store of a server (a
  /// URL) has none here, for its disk is elsewhere.
  DiskSpace(const std::string& store, uint64_t minFreeBytes);

  /// Throws UserError when less is free. What cannot be found out is not held against the disk: the
  /// store itself will say what is wrong with it.
  void check() const;

 private:
  std::string folder_;  // empty: none to look at
  uint64_t minFreeBytes_;
};

}  // namespace attune::trainer
