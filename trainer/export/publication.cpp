#include "trainer/export/publication.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"
#include "trainer/data/utf8.h"
#include "trainer/export/bundle_parts.h"
#include "trainer/export/delta.h"

namespace attune::trainer {
namespace {

constexpr std::string_view kFileEnding = ".attune", kDeltaEnding = ".delta";
constexpr std::string_view kArchivePrefix = "manifest-";
constexpr std::string_view kArchiveEnding = ".json";

/// Held while a folder is written; given up by the system when the process ends.
class FolderLock {
 public:
  explicit FolderLock(const std::string& folder) {
    const std::string path = folder + "/.publish.lock";
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file_ < 0) throw UserError("cannot write " + path + ": " + systemErrorText(errno));
    if (::flock(file_, LOCK_EX | LOCK_NB) == 0) return;
    ::close(file_);
    throw UserError("another attune is publishing to " + folder + ": wait until it has ended");
  }
  ~FolderLock() { ::close(file_); }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int file_ = -1;
};

void makeFolder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error || !std::filesystem::is_directory(folder))
    throw UserError("cannot make the folder " + folder + ": " +
                    (error ? error.message() : "a file is in its place"));
}

std::string folderName(const std::string& folder) {
  const auto path = std::filesystem::absolute(folder).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

bool isThere(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

std::vector<uint8_t> readBytes(const std::string& path, size_t maxBytes) {
  const std::string text = readTextFile(path, maxBytes);
  return {text.begin(), text.end()};
}

/// The version in the name of an earlier manifest; 0 for other names.
uint64_t archivedVersion(const std::string& name) {
  if (!name.starts_with(kArchivePrefix) || !name.ends_with(kArchiveEnding)) return 0;
  const char* begin = name.data() + kArchivePrefix.size();
  const char* end = name.data() + name.size() - kArchiveEnding.size();
  uint64_t version = 0;
  const auto [stop, error] = std::from_chars(begin, end, version);
  return error == std::errc() && stop == end ? version : 0;
}

/// The bundle of an earlier version, if all of it is still there as it was.
std::optional<std::vector<uint8_t>> soundBundle(const std::string& folder,
                                                const Manifest& manifest) {
  std::vector<uint8_t> bundle;
  for (const PublishedFile& part : manifest.parts) {
    std::ifstream in(publishedPath(folder, part), std::ios::binary);
    bundle.insert(bundle.end(), std::istreambuf_iterator<char>(in), {});
  }
  if (sha256(bundle) != manifest.bundle.sha256) return std::nullopt;
  return bundle;
}

/// What is in a folder: the manifest in use and those of earlier versions.
class Publication {
 public:
  Publication(const PublishOptions& options, std::span<const SigningKey> keys)
      : options_(options), keys_(keys), folder_(options.folder) {
    for (const auto& entry : entries())
      if (const uint64_t version = archivedVersion(entry.path().filename().string()))
        readArchived(version, entry.path().string());
    if (isThere(path())) readCurrent();
  }

  const std::optional<Manifest>& current() const { return current_; }
  const std::map<uint64_t, Manifest>& archive() const { return archive_; }

  /// What is signed again must have been signed by us: others may have changed the file.
  void requireOurs(uint64_t version) const {
    if (foreign_.contains(version))
      throw UserError(archivePath(version) + " is signed by none of these keys: add the key that " +
                      "signed it, or publish the old bundle anew");
  }

  /// Dataset, version and times of the next manifest.
  Manifest next() const {
    Manifest manifest;
    manifest.dataset = dataset();
    manifest.version = version();
    manifest.createdAt = options_.now;
    manifest.expiresAt = options_.now + options_.lifetimeSeconds;
    return manifest;
  }

  void writeFile(const std::string& path, const PublishedFile& file,
                 std::span<const uint8_t> bytes) const {
    std::error_code error;
    if (std::filesystem::file_size(path, error) == bytes.size() && !error &&
        sha256(readBytes(path, bytes.size())) == file.sha256)
      return;
    writeFileAtomically(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }

  /// Writes deltas from the newest bundles before this one, where they are at most half as long.
  void writeDeltas(Manifest& manifest, std::span<const uint8_t> bundle) const {
    std::set<Sha256> seen = {manifest.bundle.sha256};
    size_t tried = 0;
    for (const Manifest* earlier : newestFirst()) {
      if (tried == options_.deltas) break;
      if (!seen.insert(earlier->bundle.sha256).second) continue;
      // Files of earlier versions may be gone or damaged: whoever has such a bundle loads all.
      const std::optional<std::vector<uint8_t>> older = soundBundle(folder_, *earlier);
      if (!older) continue;
      ++tried;
      const std::vector<uint8_t> delta = makeDelta(*older, bundle);
      if (delta.size() > bundle.size() / 2) continue;
      const auto rebuilt = applyDelta(*older, delta, bundle.size());
      if (!rebuilt || !std::equal(rebuilt->begin(), rebuilt->end(), bundle.begin(), bundle.end()))
        throw std::logic_error("a delta does not rebuild its bundle");
      const PublishedFile file{sha256(delta), delta.size()};
      writeFile(deltaPath(file), file, delta);
      manifest.deltas.push_back({earlier->bundle.sha256, file});
    }
  }

  /// Makes `manifest` the one in use, after all its files are there.
  void replace(const Manifest& manifest) {
    SignedManifest document{manifestText(manifest), {}};
    for (const SigningKey& key : keys_) addSignature(document, key);
    if (current_) {
      writeFileAtomically(archivePath(current_->version), readTextFile(path(), kMaxManifestBytes));
      archive_.emplace(current_->version, *current_);
    }
    writeFileAtomically(path(), signedManifestText(document));
    current_ = manifest;
  }

  /// Removes what neither the manifest in use nor the newest `keep` earlier ones need.
  void prune() {
    while (archive_.size() > options_.keep) {
      removeFile(archivePath(archive_.begin()->first));
      archive_.erase(archive_.begin());
    }
    std::set<std::string> needed;
    const auto need = [&](const Manifest& manifest) {
      for (const PublishedFile& part : manifest.parts)
        needed.insert(publishedPath(folder_, part));
    };
    need(*current_);
    for (const PublishedDelta& delta : current_->deltas) needed.insert(deltaPath(delta.file));
    for (const auto& [version, manifest] : archive_) need(manifest);
    for (const auto& entry : entries())
      if (isPublished(entry.path().filename().string()) &&
          !needed.contains(folder_ + "/" + entry.path().filename().string()))
        removeFile(entry.path());
  }

 private:
  std::filesystem::directory_iterator entries() const {
    std::error_code error;
    std::filesystem::directory_iterator all(folder_, error);
    if (error) throw UserError("cannot read the folder " + folder_ + ": " + error.message());
    return all;
  }
  /// What cannot be removed stays: it is of no version any more, and harms nobody.
  static void removeFile(const std::filesystem::path& path) {
    std::error_code error;
    std::filesystem::remove(path, error);
  }
  std::string deltaPath(const PublishedFile& file) const {
    return folder_ + "/" + toHex(file.sha256) + std::string(kDeltaEnding);
  }
  std::vector<const Manifest*> newestFirst() const {
    std::vector<const Manifest*> all;
    if (current_) all.push_back(&*current_);
    for (auto one = archive_.rbegin(); one != archive_.rend(); ++one) all.push_back(&one->second);
    return all;
  }
  std::string path() const { return folder_ + "/manifest.json"; }
  std::string archivePath(uint64_t version) const {
    return folder_ + "/" + std::string(kArchivePrefix) + std::to_string(version) +
           std::string(kArchiveEnding);
  }

  bool isOurs(const SignedManifest& document) const {
    std::vector<PublicKey> known;
    for (const SigningKey& key : keys_) known.push_back(key.publicKey());
    return signerOf(document, known).has_value();
  }

  void readArchived(uint64_t version, const std::string& path) {
    const SignedManifest document = readSignedManifest(path);
    const Manifest manifest = parseManifest(document.text, path);
    if (manifest.version != version)
      throw UserError(path + " is of version " + std::to_string(manifest.version) +
                      ", not what its name says: remove it");
    archive_.emplace(version, manifest);
    if (!isOurs(document)) foreign_.insert(version);
  }

  /// A manifest of somebody else must not be continued by accident, nor a changed one believed.
  void readCurrent() {
    const SignedManifest document = readSignedManifest(path());
    if (!isOurs(document) && !options_.version)
      throw UserError(path() + " is signed by none of these keys: publish with its key too (to " +
                      "change keys, sign with both), or say --version");
    current_ = parseManifest(document.text, path());
  }

  /// Devices compare it and show it: plain text of a sensible length.
  std::string dataset() const {
    const std::string name = datasetName();
    if (!name.empty() && name.size() <= kMaxDatasetBytes && isValidUtf8(name)) return name;
    throw UserError("the dataset's name must have 1 to " + std::to_string(kMaxDatasetBytes) +
                    " bytes of UTF-8: say another one with --dataset");
  }
  std::string datasetName() const {
    if (!current_) return options_.dataset.value_or(folderName(folder_));
    if (options_.dataset && *options_.dataset != current_->dataset)
      throw UserError(folder_ + " publishes the dataset \"" + current_->dataset + "\", not \"" +
                      *options_.dataset + "\": devices would refuse it, use another folder");
    return current_->dataset;
  }

  uint64_t version() const {
    uint64_t highest = current_ ? current_->version : 0;
    if (!archive_.empty()) highest = std::max(highest, archive_.rbegin()->first);
    const uint64_t version = options_.version.value_or(highest + 1);
    if (version > highest) return version;
    throw UserError("version " + std::to_string(version) + " is not above " +
                    std::to_string(highest) + ", the highest in " + folder_ +
                    ": devices would refuse it");
  }

  /// Whether a name is that of a published file, or of one that a killed process left behind.
  static bool isPublished(std::string name) {
    if (name.ends_with(".part")) name.resize(name.size() - 5);
    Sha256 hash{};
    for (const std::string_view ending : {kFileEnding, kDeltaEnding})
      if (name.ends_with(ending))
        return fromHex(std::string_view(name).substr(0, name.size() - ending.size()), hash);
    return false;
  }

  const PublishOptions& options_;
  std::span<const SigningKey> keys_;
  std::string folder_;
  std::optional<Manifest> current_;
  std::map<uint64_t, Manifest> archive_;
  std::set<uint64_t> foreign_;  ///< versions that none of the keys signed
};

const Manifest& earlier(const Publication& publication, std::optional<uint64_t> toVersion,
                        const std::string& folder) {
  const auto& archive = publication.archive();
  if (toVersion) {
    const auto found = archive.find(*toVersion);
    if (found != archive.end()) return found->second;
    throw UserError(folder + " has no earlier version " + std::to_string(*toVersion) +
                    ": its versions are the numbers in manifest-*.json");
  }
  // A bundle that was itself rolled back to is gone back from to the one before its first time.
  const Sha256& used = publication.current()->bundle.sha256;
  const Manifest* before = nullptr;
  for (const auto& [version, manifest] : archive) {
    if (manifest.bundle.sha256 == used) break;
    before = &manifest;
  }
  if (before == nullptr) throw UserError(folder + " has no earlier bundle to go back to");
  return *before;
}

}  // namespace

std::string publishedPath(const std::string& folder, const PublishedFile& file) {
  return folder + "/" + toHex(file.sha256) + std::string(kFileEnding);
}

std::vector<uint8_t> readPublishedBundle(const std::string& folder, const Manifest& manifest) {
  std::vector<uint8_t> bundle;
  for (const PublishedFile& part : manifest.parts) {
    const std::string path = publishedPath(folder, part);
    const std::vector<uint8_t> bytes = readBytes(path, part.bytes);
    if (bytes.size() != part.bytes || sha256(bytes) != part.sha256)
      throw UserError(path + " is damaged, its content is not what its name says: publish it anew");
    bundle.insert(bundle.end(), bytes.begin(), bytes.end());
  }
  if (sha256(bundle) != manifest.bundle.sha256)
    throw UserError("the files of version " + std::to_string(manifest.version) + " in " + folder +
                    " do not make its bundle: publish it anew");
  return bundle;
}

namespace {

std::vector<uint8_t> soundBundleInUse(const std::string& folder) {
  const std::string path = folder + "/manifest.json";
  if (!isThere(path)) return {};
  return soundBundle(folder, parseManifest(readSignedManifest(path).text, path))
      .value_or(std::vector<uint8_t>());
}

void check(const PublishOptions& options, std::span<const uint8_t> bundle) {
  if (options.check)
    options.check(bundle, [&options] { return soundBundleInUse(options.folder); });
}

}  // namespace

Manifest publish(const PublishOptions& options, std::span<const uint8_t> bundle,
                 std::span<const SigningKey> keys) {
  check(options, bundle);
  const std::vector<BundlePart> parts =
      partsOf(bundle, options.metadataApartBytes, options.maxPartBytes);
  if (parts.size() > kMaxParts)
    throw UserError("a bundle of " + std::to_string(bundle.size()) + " bytes would make more than " +
                    std::to_string(kMaxParts) + " files: allow larger ones with --max-part");
  makeFolder(options.folder);
  const FolderLock lock(options.folder);
  Publication publication(options, keys);
  Manifest manifest = publication.next();
  manifest.bundle = {sha256(bundle), bundle.size()};
  for (const auto& [bytes, later] : parts) {
    manifest.parts.push_back({sha256(bytes), bytes.size(), later});
    publication.writeFile(publishedPath(options.folder, manifest.parts.back()),
                          manifest.parts.back(), bytes);
  }
  publication.writeDeltas(manifest, bundle);
  publication.replace(manifest);
  publication.prune();
  return manifest;
}

Manifest rollBack(const PublishOptions& options, std::optional<uint64_t> toVersion,
                  std::span<const SigningKey> keys) {
  if (!isThere(options.folder + "/manifest.json"))
    throw UserError("nothing is published in " + options.folder + ": it has no manifest.json");
  const FolderLock lock(options.folder);
  Publication publication(options, keys);
  const Manifest& old = earlier(publication, toVersion, options.folder);
  publication.requireOurs(old.version);
  const std::vector<uint8_t> bundle = readPublishedBundle(options.folder, old);
  check(options, bundle);
  Manifest manifest = publication.next();
  manifest.bundle = old.bundle;
  manifest.parts = old.parts;
  publication.writeDeltas(manifest, bundle);
  publication.replace(manifest);
  publication.prune();
  return manifest;
}

}  // namespace attune::trainer
