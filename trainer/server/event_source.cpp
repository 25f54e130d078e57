#include "trainer/server/event_source.h"

#include <arpa/inet.h>
#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>

#include "trainer/export/sha256.h"

namespace attune::trainer {
namespace {

constexpr int64_t kWeekMs = 7 * 86'400'000;
constexpr size_t kNameDigits = 16;
constexpr size_t kIpv4Bytes = 3, kIpv6Bytes = 6;
constexpr std::array<unsigned char, 12> kIpv4InIpv6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

constexpr unsigned char kIpv4Loopback = 127;

std::string prefix(char kind, const unsigned char* bytes, size_t count) {
  return kind + std::string(reinterpret_cast<const char*>(bytes), count);
}

std::string ipv4(const unsigned char* bytes) {
  return bytes[0] == kIpv4Loopback ? "" : prefix('4', bytes, kIpv4Bytes);
}

}  // namespace

std::string networkOf(std::string_view address) {
  const std::string text(address);
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return ipv4(bytes.data());
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return "?" + text;
  if (std::equal(kIpv4InIpv6.begin(), kIpv4InIpv6.end(), bytes.begin()))
    return ipv4(bytes.data() + kIpv4InIpv6.size());
  if (text == "::1") return "";
  return prefix('6', bytes.data(), kIpv6Bytes);
}

EventSources::EventSources() { renew(); }

void EventSources::renew() {
  if (RAND_bytes(salt_.data(), static_cast<int>(salt_.size())) != 1)
    throw std::runtime_error("the system has no random numbers");
}

std::string EventSources::nameOf(std::string_view address, std::string_view tracker,
                                 int64_t nowMs) {
  if (const int64_t week = nowMs / kWeekMs; week != week_) {
    week_ = week;
    renew();
  }
  const std::string network = networkOf(address);
  if (network.empty()) return "";
  std::string text(salt_.begin(), salt_.end());
  text += static_cast<char>(network.size());
  text += network;
  text += tracker;
  return toHex(sha256({reinterpret_cast<const uint8_t*>(text.data()), text.size()}))
      .substr(0, kNameDigits);
}

}  // namespace attune::trainer
