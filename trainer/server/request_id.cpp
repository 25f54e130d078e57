#include "trainer/server/request_id.h"

#include <openssl/rand.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>

namespace attune::trainer {
namespace {

uint64_t randomStart() {
  std::array<unsigned char, 8> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return 0;
  uint64_t start = 0;
  for (const unsigned char byte : bytes) start = start << 8 | byte;
  return start;
}

}  // namespace

std::string newRequestId() {
  static const uint64_t process = randomStart();
  static std::atomic<uint64_t> next{0};
  const uint64_t count = next++;
  std::array<char, 37> text{};
  std::snprintf(text.data(), text.size(), "%08x-%04x-%04x-%04x-%012llx",
                static_cast<unsigned>(process >> 32), static_cast<unsigned>(process >> 16 & 0xFFFF),
                static_cast<unsigned>(process & 0xFFFF), static_cast<unsigned>(count >> 48),
                static_cast<unsigned long long>(count & 0xFFFF'FFFF'FFFF));
  return text.data();
}

}  // namespace attune::trainer
