#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "trainer/export/ed25519.h"
#include "trainer/export/sha256.h"

/// The manifest says which bundle devices are to use. Its file is JSON:
///   {"signed": "<text>", "signatures": [{"keyid": "<public key>", "algorithm": "ed25519",
///                                        "sig": "<base64>"}]}
/// `signed` is the text of another JSON document, Manifest below. The signature covers exactly the
/// UTF-8 bytes of kSignedContext followed by that text, so no canonical JSON is needed, and nothing
/// of `signed` is read before the signature is right.
namespace attune::trainer {

/// What is signed begins with it, so that a signature made for something else is worth nothing here.
inline constexpr std::string_view kSignedContext = "attune manifest 1\n";
/// Devices read no longer manifest.
inline constexpr size_t kMaxManifestBytes = 64 << 10;
inline constexpr int kManifestFormat = 1;
inline constexpr size_t kMaxParts = 256;
inline constexpr size_t kMaxDeltas = 16;
inline constexpr size_t kMaxDatasetBytes = 256;

/// A file by its content: it lies beside the manifest as `<sha256>.attune`.
struct PublishedFile {
  Sha256 sha256{};
  uint64_t bytes = 0;
  bool later = false;  ///< of a part: items' metadata alone, so devices can recommend without it
};

/// What makes the bundle of an older one (delta.h): it lies there as `<sha256>.delta`.
struct PublishedDelta {
  Sha256 from{};  ///< the whole older bundle
  PublishedFile file;
};

/// {"format", "dataset", "version", "createdAt", "expiresAt", "bundle", "parts", "deltas"}
struct Manifest {
  std::string dataset;     ///< what the bundle recommends from; devices refuse to change it
  uint64_t version = 1;    ///< 1 to 2^53 - 1; devices never go back
  int64_t createdAt = 0;   ///< seconds since 1970
  int64_t expiresAt = 0;   ///< seconds since 1970; devices load no manifest after that
  PublishedFile bundle;    ///< the whole bundle
  std::vector<PublishedFile> parts;  ///< files that make it, one behind the other; at least one
  std::vector<PublishedDelta> deltas;  ///< shorter ways from older bundles; may be missing
};

struct ManifestSignature {
  PublicKey key{};
  Signature signature{};
};

/// A manifest as it lies in its file.
struct SignedManifest {
  std::string text;  ///< `signed`
  std::vector<ManifestSignature> signatures;
};

/// The text that is signed. Repeatable.
std::string manifestText(const Manifest& manifest);
/// Reads it. Throws UserError, naming the file, for anything but a sound manifest of this format.
Manifest parseManifest(const std::string& text, const std::string& path);

/// The file's text, ending in a line feed.
std::string signedManifestText(const SignedManifest& manifest);
/// Throws UserError, naming the file.
SignedManifest parseSignedManifest(const std::string& text, const std::string& path);
SignedManifest readSignedManifest(const std::string& path);

/// Adds the key's signature, in place of an older one of the same key.
void addSignature(SignedManifest& manifest, const SigningKey& key);
/// Whether one of the keys has signed it; which one.
std::optional<PublicKey> signerOf(const SignedManifest& manifest, std::span<const PublicKey> keys);

}  // namespace attune::trainer
