#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "trainer/export/manifest.h"

/// A folder that a web server or CDN serves to devices:
///   manifest.json            the signed manifest of the bundle in use
///   <sha256>.attune          bundles, or parts of them, named by their content
///   <sha256>.delta           what makes the bundle in use of an earlier one, where that is shorter
///   manifest-<version>.json  manifests of earlier versions, newest `keep`, whose files are kept too
/// Files are durable before a manifest names them, and manifest.json is replaced by a rename: whoever
/// reads, and whenever the writer is killed, sees a complete old publication or a complete new one.
namespace attune::trainer {

struct PublishOptions {
  std::string folder;  ///< made when missing
  std::optional<std::string> dataset;  ///< that of the folder so far, or else the folder's name
  std::optional<uint64_t> version;     ///< one more than the highest so far
  int64_t now = 0;                     ///< seconds since 1970
  int64_t lifetimeSeconds = 30 * 86400;  ///< until the manifest expires
  size_t keep = 5;                       ///< earlier versions to keep
  size_t deltas = 2;  ///< earlier bundles to make deltas from, at most kMaxDeltas
  /// Items' metadata of at least so many bytes (1 or more) are files of their own, which devices may
  /// load later.
  uint64_t metadataApartBytes = 256 << 10;
  uint64_t maxPartBytes = (uint64_t{1} << 31) - 1;  ///< files are no longer than that
  /// Called before anything is written, with the bundle and with what reads the one in use, empty
  /// where none, or none that is sound, is in the folder. Throws UserError when it may not be.
  using ReadInUse = std::function<std::vector<uint8_t>()>;
  std::function<void(std::span<const uint8_t> bundle, const ReadInUse& inUse)> check = nullptr;
};

/// Publishes a bundle, signed with all the keys. Throws UserError, and leaves the folder as it was,
/// when the version is not above all earlier ones, the folder is another dataset's, its manifest is
/// signed by none of the keys (unless `version` is given), or another process publishes there.
Manifest publish(const PublishOptions& options, std::span<const uint8_t> bundle,
                 std::span<const SigningKey> keys);

/// Publishes the bundle of an earlier version again, under a new version: that version's, or
/// without one the bundle that was there before the one in use. Throws UserError as publish()
/// does, and when that version or a file of it is not there any more.
Manifest rollBack(const PublishOptions& options, std::optional<uint64_t> toVersion,
                  std::span<const SigningKey> keys);

/// Where a file of a manifest lies: beside it, named by its content.
std::string publishedPath(const std::string& folder, const PublishedFile& file);
/// Reads all parts of a manifest's bundle. Throws UserError when one is missing or has other
/// bytes than the manifest says.
std::vector<uint8_t> readPublishedBundle(const std::string& folder, const Manifest& manifest);

}  // namespace attune::trainer
