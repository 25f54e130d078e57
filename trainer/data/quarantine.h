#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "trainer/base/files.h"

namespace attune::trainer {

/// One bad row.
struct BadRow {
  std::string file;
  uint64_t row = 0;         ///< 1 = the header
  uint64_t byteOffset = 0;  ///< of its first byte in the unpacked file
  std::string column;
  std::string reason;
  std::string_view raw;  ///< its bytes; only the first are written
};

/// The file of rows that an import refused: JSON lines
/// `{"file":..,"row":..,"byteOffset":..,"column":..,"reason":..,"excerpt":..}`. It appears when it
/// is complete. For one thread.
class Quarantine {
 public:
  static constexpr size_t kExcerptBytes = 200;

  explicit Quarantine(std::string path) : path_(std::move(path)) {}
  void add(const BadRow& row);
  /// Gives the file its name. Without bad rows there is no file, unless an older one is there: it
  /// becomes empty, for its rows are not of this import.
  void finish();
  /// The same while another error is on its way, which tells more than one from here would.
  void finishQuietly() noexcept;

  uint64_t count() const { return count_; }
  const std::string& path() const { return path_; }
  /// The first bad row in words, for example `data.csv:42: column TIMESTAMP: "x" is not ...`.
  const std::string& first() const { return first_; }

 private:
  std::string path_;
  std::unique_ptr<AtomicFile> file_;
  uint64_t count_ = 0;
  std::string first_;
};

}  // namespace attune::trainer
