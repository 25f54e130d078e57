#include "trainer/cli/key_commands.h"

#include <ctime>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"
#include "trainer/eval/served_bundle.h"
#include "trainer/export/publication.h"

namespace attune::trainer {
namespace {

std::string folderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

void generateKey(const std::string& path, bool json) {
  const std::string publicPath = path + ".pub";
  std::error_code error;
  if (std::filesystem::exists(publicPath, error))
    throw UserError(publicPath + " is there already, and a key is never overwritten: choose " +
                    "another name");
  const SigningKey key = SigningKey::generate();
  const std::string text = toBase64(key.publicKey());
  key.write(path);
  writeFileAtomically(publicPath, text + "\n");
  if (json)
    std::cout << nlohmann::ordered_json{
                     {"key", path}, {"publicKey", text}, {"publicKeyFile", publicPath}}
                     .dump()
              << '\n';
  else
    std::cout << path << ": a private key; keep it secret and keep a copy\n"
              << publicPath << ": its public key, for publicKeys in load():\n"
              << text << '\n';
}

void signManifest(const std::string& path, const std::string& keyPath) {
  SignedManifest document = readSignedManifest(path);
  const Manifest manifest = parseManifest(document.text, path);
  addSignature(document, SigningKey::read(keyPath));
  writeFileAtomically(path, signedManifestText(document));
  std::cout << path << ": version " << manifest.version << " has " << document.signatures.size()
            << (document.signatures.size() == 1 ? " signature\n" : " signatures\n");
}

struct VerifyCommand {
  std::string path;
  std::vector<std::string> keys;
  bool json = false;
};

/// All that a device checks, in its order.
void verify(const VerifyCommand& command) {
  std::vector<PublicKey> keys;
  for (const std::string& key : command.keys) keys.push_back(readPublicKey(key));
  const SignedManifest document = readSignedManifest(command.path);
  const std::optional<PublicKey> signer = signerOf(document, keys);
  if (!signer)
    throw UserError(command.path + " is not signed by " +
                    (keys.size() == 1 ? "this key" : "any of these keys"));
  const Manifest manifest = parseManifest(document.text, command.path);
  if (manifest.expiresAt <= static_cast<int64_t>(std::time(nullptr)))
    throw UserError(command.path + " has expired: publish it anew");
  const std::vector<uint8_t> bytes = readPublishedBundle(folderOf(command.path), manifest);
  const ServedBundle bundle(bytes, command.path);
  if (command.json)
    std::cout << nlohmann::ordered_json{{"dataset", manifest.dataset},
                                        {"version", manifest.version},
                                        {"createdAt", manifest.createdAt},
                                        {"expiresAt", manifest.expiresAt},
                                        {"bytes", manifest.bundle.bytes},
                                        {"sha256", toHex(manifest.bundle.sha256)},
                                        {"signer", toBase64(*signer)}}
                     .dump()
              << '\n';
  else
    std::cout << command.path << ": version " << manifest.version << " of " << manifest.dataset
              << " is signed by " << toBase64(*signer) << ", and its " << manifest.bundle.bytes
              << " bytes are there\n";
}

}  // namespace

void addKeyCommands(CLI::App& app, std::function<void()>& run) {
  struct Keygen {
    std::string output;
    bool json = false;
  };
  auto making = std::make_shared<Keygen>();
  CLI::App* keygen = app.add_subcommand("keygen", "Make an Ed25519 key for signing manifests");
  keygen->add_option("--output", making->output,
                     "File of the private key (only its owner may read it); the public one goes to "
                     "FILE.pub")
      ->required();
  keygen->add_flag("--json", making->json, "Print one JSON document instead of text");
  keygen->callback(
      [&run, making] { run = [making] { generateKey(making->output, making->json); }; });

  struct Sign {
    std::string manifest;
    std::string key;
  };
  auto signing = std::make_shared<Sign>();
  CLI::App* sign = app.add_subcommand(
      "sign", "Add the signature of another key to a manifest, to change keys without a break");
  sign->add_option("manifest", signing->manifest, "The manifest; replaced")->required();
  sign->add_option("--key", signing->key, "File of the private key")->required();
  sign->callback(
      [&run, signing] { run = [signing] { signManifest(signing->manifest, signing->key); }; });

  auto checking = std::make_shared<VerifyCommand>();
  CLI::App* verifying = app.add_subcommand(
      "verify", "Check a manifest and the files beside it as a device does");
  verifying->add_option("manifest", checking->path, "The manifest")->required();
  verifying
      ->add_option("--public-key", checking->keys,
                   "A key that may have signed it: 44 characters of base64, or a file of them")
      ->required()
      ->allow_extra_args(false);
  verifying->add_flag("--json", checking->json, "Print one JSON document instead of a sentence");
  verifying->callback([&run, checking] { run = [checking] { verify(*checking); }; });
}

}  // namespace attune::trainer
