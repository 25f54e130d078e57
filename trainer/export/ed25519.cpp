#include "trainer/export/ed25519.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"

namespace attune::trainer {
namespace {

constexpr size_t kMaxKeyFileBytes = 16 << 10;

using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

/// OpenSSL refuses only when it is broken or out of memory.
void require(bool done) {
  if (!done) throw std::runtime_error("OpenSSL cannot do Ed25519 here");
}

const uint8_t* bytesOf(std::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

/// No passphrase: a prompt would hang whatever runs unattended.
int noPassphrase(char*, int, int, void*) { return 0; }

void refuseOpenFile(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 077) != 0)
    throw UserError("the key " + path + " may be read by others: run chmod 600 " + path);
}

}  // namespace

SigningKey::SigningKey(Handle key) : key_(std::move(key)) {
  size_t length = publicKey_.size();
  require(EVP_PKEY_get_raw_public_key(key_.get(), publicKey_.data(), &length) == 1);
}

SigningKey SigningKey::generate() {
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  require(key != nullptr);
  return SigningKey(Handle(key, EVP_PKEY_free));
}

SigningKey SigningKey::read(const std::string& path) {
  const std::string text = readTextFile(path, kMaxKeyFileBytes);
  const Memory memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free);
  require(memory != nullptr);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(memory.get(), nullptr, noPassphrase, nullptr);
  const Handle handle(key, EVP_PKEY_free);
  if (key == nullptr || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519)
    throw UserError(path + " is not an Ed25519 private key without passphrase: make one with " +
                    "attune keygen --output FILE");
  refuseOpenFile(path);
  return SigningKey(handle);
}

void SigningKey::write(const std::string& path) const {
  const Memory memory(BIO_new(BIO_s_mem()), BIO_free);
  require(memory && PEM_write_bio_PKCS8PrivateKey(memory.get(), key_.get(), nullptr, nullptr, 0,
                                                  nullptr, nullptr) == 1);
  char* text = nullptr;
  const auto length = static_cast<size_t>(BIO_get_mem_data(memory.get(), &text));
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0 && errno == EEXIST)
    throw UserError(path + " is there already, and a key is never overwritten: choose another name");
  if (file < 0) throw UserError("cannot write " + path + ": " + systemErrorText(errno));
  const bool written = ::write(file, text, length) == static_cast<ssize_t>(length) &&
                       ::fsync(file) == 0;
  const int code = errno;
  ::close(file);
  if (written) return;
  ::unlink(path.c_str());
  throw UserError("cannot write " + path + ": " + systemErrorText(code));
}

Signature SigningKey::sign(std::string_view message) const {
  Signature signature{};
  size_t length = signature.size();
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  require(context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1);
  require(EVP_DigestSign(context.get(), signature.data(), &length, bytesOf(message),
                         message.size()) == 1);
  return signature;
}

bool isSignedBy(const PublicKey& key, std::string_view message, const Signature& signature) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> handle(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()),
      EVP_PKEY_free);
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  require(handle && context);
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, handle.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), bytesOf(message),
                          message.size()) == 1;
}

std::string toBase64(std::span<const uint8_t> bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // EVP_EncodeBlock ends it with a NUL
  text.resize(static_cast<size_t>(EVP_EncodeBlock(reinterpret_cast<uint8_t*>(text.data()),
                                                  bytes.data(), static_cast<int>(bytes.size()))));
  return text;
}

std::vector<uint8_t> fromBase64(const std::string& text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > (1 << 20)) return {};
  std::vector<uint8_t> bytes(text.size() / 4 * 3);
  if (EVP_DecodeBlock(bytes.data(), bytesOf(text), static_cast<int>(text.size())) < 0) return {};
  // EVP_DecodeBlock counts the padding as bytes.
  bytes.resize(bytes.size() - static_cast<size_t>(std::count(text.end() - 2, text.end(), '=')));
  if (toBase64(bytes) != text) return {};
  return bytes;
}

PublicKey readPublicKey(const std::string& textOrPath) {
  std::vector<uint8_t> bytes = fromBase64(textOrPath);
  PublicKey key{};
  if (bytes.size() != key.size()) {
    std::string text = readTextFile(textOrPath, kMaxKeyFileBytes);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    bytes = fromBase64(text);
  }
  if (bytes.size() != key.size())
    throw UserError(textOrPath + " does not hold a public key of 44 characters, as attune keygen "
                    "writes it");
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

}  // namespace attune::trainer
