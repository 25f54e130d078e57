#include "trainer/export/manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"

namespace attune::trainer {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr uint64_t kMaxVersion = (uint64_t{1} << 53) - 1;
constexpr uint64_t kMaxBytes = (uint64_t{1} << 31) - 1;
constexpr const char* kAlgorithm = "ed25519";

ordered_json toJson(const PublishedFile& file) {
  ordered_json object = {{"sha256", toHex(file.sha256)}, {"bytes", file.bytes}};
  if (file.later) object["later"] = true;
  return object;
}

/// Reads members of the JSON object of one file; says which is wrong.
class Reader {
 public:
  Reader(const json& object, const std::string& path) : object_(object), path_(path) {
    if (!object.is_object()) fail("is not a manifest");
  }

  const json& at(const char* name) const {
    const auto found = object_.find(name);
    if (found == object_.end()) fail(std::string("has no \"") + name + '"');
    return *found;
  }
  uint64_t whole(const char* name, uint64_t least, uint64_t most) const {
    const json& value = at(name);
    if (!value.is_number_unsigned() || value.get<uint64_t>() < least ||
        value.get<uint64_t>() > most)
      fail(std::string("has a wrong \"") + name + "\": " + value.dump());
    return value.get<uint64_t>();
  }
  std::string text(const char* name) const {
    const json& value = at(name);
    if (!value.is_string()) fail(std::string("has a \"") + name + "\" that is not a text");
    return value.get<std::string>();
  }
  const json& list(const char* name) const {
    const json& value = at(name);
    if (!value.is_array()) fail(std::string("has a \"") + name + "\" that is not a list");
    return value;
  }
  template <size_t kBytes>
  std::array<uint8_t, kBytes> base64(const char* name) const {
    const std::vector<uint8_t> bytes = fromBase64(text(name));
    std::array<uint8_t, kBytes> array{};
    if (bytes.size() != kBytes)
      fail(std::string("has a wrong \"") + name + "\", not base64 of " + std::to_string(kBytes) +
           " bytes");
    std::copy(bytes.begin(), bytes.end(), array.begin());
    return array;
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw UserError(path_ + ' ' + what + ": publish it anew");
  }

 private:
  const json& object_;
  const std::string& path_;
};

PublishedFile parseFile(const json& object, const std::string& path) {
  const Reader read(object, path);
  PublishedFile file;
  file.bytes = read.whole("bytes", 1, kMaxBytes);
  if (!fromHex(read.text("sha256"), file.sha256)) read.fail("has a wrong \"sha256\"");
  if (object.contains("later")) {
    if (!read.at("later").is_boolean()) read.fail("has a \"later\" that is neither true nor false");
    file.later = read.at("later").get<bool>();
  }
  return file;
}

std::string signedBytes(const std::string& text) { return std::string(kSignedContext) + text; }

}  // namespace

std::string manifestText(const Manifest& manifest) {
  ordered_json parts = ordered_json::array();
  for (const PublishedFile& part : manifest.parts) parts.push_back(toJson(part));
  ordered_json deltas = ordered_json::array();
  for (const PublishedDelta& delta : manifest.deltas) {
    ordered_json& json = deltas.emplace_back(toJson(delta.file));
    json["from"] = toHex(delta.from);
  }
  const ordered_json document = {{"format", kManifestFormat},
                                 {"dataset", manifest.dataset},
                                 {"version", manifest.version},
                                 {"createdAt", manifest.createdAt},
                                 {"expiresAt", manifest.expiresAt},
                                 {"bundle", toJson(manifest.bundle)},
                                 {"parts", parts},
                                 {"deltas", deltas}};
  return document.dump(-1, ' ', /*ensure_ascii=*/true);
}

Manifest parseManifest(const std::string& text, const std::string& path) {
  const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  const Reader read(document, path);
  if (const uint64_t format = read.whole("format", 1, kMaxVersion); format != kManifestFormat)
    throw UserError(path + " has manifest format " + std::to_string(format) +
                    ", this attune knows " + std::to_string(kManifestFormat) + ": update it");
  Manifest manifest;
  manifest.dataset = read.text("dataset");
  if (manifest.dataset.empty() || manifest.dataset.size() > kMaxDatasetBytes)
    read.fail("has a \"dataset\" that is empty or too long");
  manifest.version = read.whole("version", 1, kMaxVersion);
  manifest.createdAt = static_cast<int64_t>(read.whole("createdAt", 0, kMaxVersion));
  manifest.expiresAt = static_cast<int64_t>(read.whole("expiresAt", 0, kMaxVersion));
  manifest.bundle = parseFile(read.at("bundle"), path);
  uint64_t bytes = 0;
  for (const json& part : read.list("parts")) {
    manifest.parts.push_back(parseFile(part, path));
    bytes += manifest.parts.back().bytes;
  }
  if (bytes != manifest.bundle.bytes || manifest.parts.size() > kMaxParts)
    read.fail("has \"parts\" that do not make its bundle");
  if (!document.contains("deltas")) return manifest;
  for (const json& delta : read.list("deltas")) {
    manifest.deltas.push_back({{}, parseFile(delta, path)});
    if (!fromHex(Reader(delta, path).text("from"), manifest.deltas.back().from))
      read.fail("has a delta with a wrong \"from\"");
  }
  if (manifest.deltas.size() > kMaxDeltas) read.fail("has too many \"deltas\"");
  return manifest;
}

std::string signedManifestText(const SignedManifest& manifest) {
  ordered_json signatures = ordered_json::array();
  for (const ManifestSignature& one : manifest.signatures)
    signatures.push_back({{"keyid", toBase64(one.key)},
                          {"algorithm", kAlgorithm},
                          {"sig", toBase64(one.signature)}});
  const ordered_json document = {{"signed", manifest.text}, {"signatures", signatures}};
  return document.dump() + "\n";
}

SignedManifest parseSignedManifest(const std::string& text, const std::string& path) {
  const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  const Reader read(document, path);
  SignedManifest manifest{read.text("signed"), {}};
  for (const json& one : read.list("signatures")) {
    const Reader signature(one, path);
    if (signature.text("algorithm") != kAlgorithm) continue;  // another one may be ours
    manifest.signatures.push_back({signature.base64<32>("keyid"), signature.base64<64>("sig")});
  }
  return manifest;
}

SignedManifest readSignedManifest(const std::string& path) {
  return parseSignedManifest(readTextFile(path, kMaxManifestBytes), path);
}

void addSignature(SignedManifest& manifest, const SigningKey& key) {
  std::erase_if(manifest.signatures,
                [&](const ManifestSignature& one) { return one.key == key.publicKey(); });
  manifest.signatures.push_back({key.publicKey(), key.sign(signedBytes(manifest.text))});
}

std::optional<PublicKey> signerOf(const SignedManifest& manifest,
                                  std::span<const PublicKey> keys) {
  const std::string bytes = signedBytes(manifest.text);
  for (const ManifestSignature& one : manifest.signatures)
    if (std::find(keys.begin(), keys.end(), one.key) != keys.end() &&
        isSignedBy(one.key, bytes, one.signature))
      return one.key;
  return std::nullopt;
}

}  // namespace attune::trainer
