#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace attune::trainer {

/// A file's bytes, unpacked where the file is packed. For one thread.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fills the front of `out` and returns how much; 0 only at the end. Throws UserError when the
  /// file cannot be read or its compressed data is damaged or cut off.
  virtual size_t read(std::span<char> out) = 0;
  /// Bytes of the file itself (packed ones) that have been read so far.
  virtual uint64_t fileBytesRead() const = 0;
};

/// Opens `path`. What it holds is told by its first bytes, never by its name: gzip (several
/// members too), xz, or else plain text. Throws UserError for a folder, a missing file, and for
/// archives and encodings that cannot be CSV (zip, zstd, bzip2, Parquet, UTF-16).
std::unique_ptr<ByteSource> openByteSource(const std::string& path);

/// The size in bytes of a regular file; 0 for anything else (a pipe has none).
uint64_t regularFileBytes(const std::string& path);
/// True for what exists and is neither a regular file nor a folder.
bool isPipe(const std::string& path);

}  // namespace attune::trainer
