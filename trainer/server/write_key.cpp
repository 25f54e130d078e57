#include "trainer/server/write_key.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <stdexcept>

#include "trainer/export/sha256.h"

namespace attune::trainer {
namespace {

constexpr size_t kFingerprintDigits = 12;

}  // namespace

std::string newWriteKey() {
  Sha256 random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    throw std::runtime_error("the system has no random numbers");
  return "atk_" + toHex(random);
}

std::array<uint8_t, 32> hashOfKey(std::string_view key) {
  return sha256({reinterpret_cast<const uint8_t*>(key.data()), key.size()});
}

std::string fingerprint(const EventTracker& tracker) {
  return toHex(tracker.keySha256).substr(0, kFingerprintDigits);
}

const EventTracker* findTracker(std::span<const EventTracker> trackers, std::string_view key) {
  const std::array<uint8_t, 32> hash = hashOfKey(key);
  const EventTracker* found = nullptr;
  for (const EventTracker& tracker : trackers)
    if (CRYPTO_memcmp(tracker.keySha256.data(), hash.data(), hash.size()) == 0) found = &tracker;
  return found;
}

}  // namespace attune::trainer
