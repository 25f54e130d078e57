#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;

namespace attune::trainer {

/// Public key and signature of Ed25519 (RFC 8032), as their raw bytes.
using PublicKey = std::array<uint8_t, 32>;
using Signature = std::array<uint8_t, 64>;

/// A private key that signs (OpenSSL's Ed25519). Immutable.
class SigningKey {
 public:
  /// A new key from the system's random numbers.
  static SigningKey generate();
  /// From a PEM file (PKCS#8, as `openssl genpkey -algorithm ed25519` writes it). Throws UserError
  /// when it cannot be read, others than its owner may read it, or it holds something else.
  static SigningKey read(const std::string& path);

  /// Writes a PEM file that only its owner may read. Throws UserError when the file is there
  /// already: keys are never overwritten.
  void write(const std::string& path) const;

  const PublicKey& publicKey() const { return publicKey_; }
  Signature sign(std::string_view message) const;

 private:
  using Handle = std::shared_ptr<evp_pkey_st>;
  explicit SigningKey(Handle key);

  Handle key_;
  PublicKey publicKey_{};
};

/// Whether `signature` is that of `message` by the private half of `key`.
bool isSignedBy(const PublicKey& key, std::string_view message, const Signature& signature);

/// Base64 with padding (RFC 4648, section 4): how keys and signatures are written.
std::string toBase64(std::span<const uint8_t> bytes);
/// Bytes of a text in just that form; empty when it is not.
std::vector<uint8_t> fromBase64(const std::string& text);

/// A public key given as its 44 characters of base64 or as a file that holds them. Throws UserError.
PublicKey readPublicKey(const std::string& textOrPath);

}  // namespace attune::trainer
