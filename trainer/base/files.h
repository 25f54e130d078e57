#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace attune::trainer {

/// The text of the last system error, for example `No space left on device`.
std::string systemErrorText(int code);

/// Opens a file for reading, in binary. Throws UserError when it is missing, a folder or unreadable.
std::ifstream openForReading(const std::string& path);

/// The whole of a text file. Throws UserError when it cannot be read or is longer than `maxBytes`.
std::string readTextFile(const std::string& path, size_t maxBytes);

/// Writes `bytes` to `path` so that a reader sees the old file or the new one, never a part.
void writeFileAtomically(const std::string& path, std::string_view bytes);

/// A file that appears under its name only when it is complete. Until commit() the bytes are in a
/// nameless file of the same folder (or, where the file system has none, in `<path>.part`), so a
/// killed process leaves nothing behind. For one thread.
class AtomicFile {
 public:
  /// Throws UserError when the folder cannot be written.
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends. Throws UserError, for example when the disk is full.
  void write(std::string_view bytes);
  /// Makes the bytes durable and gives the file its name, replacing an older one.
  void commit();

 private:
  void flush();
  void linkNameless();
  [[noreturn]] void fail(int code) const;

  std::string path_;
  std::string partPath_;
  std::string buffer_;
  int descriptor_ = -1;
  bool nameless_ = true;
  bool committed_ = false;
};

}  // namespace attune::trainer
