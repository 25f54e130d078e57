#include "trainer/export/sha256.h"

#include <openssl/evp.h>

#include <stdexcept>

namespace attune::trainer {

Sha256 sha256(std::span<const uint8_t> bytes) {
  Sha256 hash{};
  unsigned length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), hash.data(), &length, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("SHA-256 is not available from OpenSSL");
  return hash;
}

std::string toHex(const Sha256& hash) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : hash) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

bool fromHex(std::string_view text, Sha256& hash) {
  if (text.size() != 2 * hash.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char digit = text[i];
    const bool letter = digit >= 'a' && digit <= 'f';
    if (!letter && (digit < '0' || digit > '9')) return false;
    const auto value = static_cast<uint8_t>(letter ? digit - 'a' + 10 : digit - '0');
    hash[i / 2] = static_cast<uint8_t>(i % 2 == 0 ? value << 4 : hash[i / 2] | value);
  }
  return true;
}

}  // namespace attune::trainer
