#include "trainer/server/user_token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <charconv>
#include <stdexcept>

#include "trainer/export/sha256.h"
#include "trainer/server/write_key.h"

namespace attune::trainer {

std::string userToken(std::string_view secret, std::string_view userId, int64_t expiry) {
  const std::string digits = std::to_string(expiry);
  const std::string text = std::string(userId) + '\n' + digits;
  Sha256 code{};
  unsigned length = 0;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), code.data(),
           &length) == nullptr)
    throw std::runtime_error("HMAC-SHA-256 is not available from OpenSSL");
  return digits + '.' + toHex(code);
}

bool provesUser(std::string_view token, std::string_view secret, std::string_view userId,
                int64_t nowSeconds) {
  if (secret.empty() || userId.empty()) return false;
  int64_t expiry = 0;
  const char* end = token.data() + token.size();
  const auto [dot, error] = std::from_chars(token.data(), end, expiry);
  if (error != std::errc() || dot == end || *dot != '.' || expiry < nowSeconds) return false;
  const std::string right = userToken(secret, userId, expiry);
  return right.size() == token.size() &&
         CRYPTO_memcmp(right.data(), token.data(), right.size()) == 0;
}

std::string newVerifySecret() { return "ats_" + newWriteKey().substr(4); }

}  // namespace attune::trainer
