#include "trainer/server/origin.h"

#include <algorithm>

#include "trainer/base/errors.h"

namespace attune::trainer {
namespace {

bool isHostLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

bool isDigit(char c) { return c >= '0' && c <= '9'; }

/// A port that browsers leave out is the scheme's own.
bool isPort(std::string_view port, std::string_view scheme) {
  if (port.empty() || port.size() > 5 || port.front() == '0') return false;
  if (!std::all_of(port.begin(), port.end(), isDigit)) return false;
  return std::stoul(std::string(port)) <= 65535 && port != (scheme == "https" ? "443" : "80");
}

bool isHost(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    return host.find_first_not_of("0123456789abcdef:.", 1) == host.size() - 1;
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), isHostLetter);
}

bool isOrigin(std::string_view origin) {
  const size_t slashes = origin.find("://");
  if (slashes == std::string_view::npos) return false;
  const std::string_view scheme = origin.substr(0, slashes);
  if (scheme != "https" && scheme != "http") return false;
  std::string_view host = origin.substr(slashes + 3);
  const size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    if (!isPort(host.substr(colon + 1), scheme)) return false;
    host = host.substr(0, colon);
  }
  return isHost(host);
}

}  // namespace

void checkOrigin(const std::string& origin) {
  if (!isOrigin(origin))
    throw UserError("\"" + origin +
                    "\" is no origin: write it as browsers do, https://shop.example, in small "
                    "letters, with a port only where it is not the usual one, without a path or *");
}

bool mayUse(const EventTracker& tracker, std::string_view origin) {
  return std::find(tracker.origins.begin(), tracker.origins.end(), origin) != tracker.origins.end();
}

bool mayUseAny(std::span<const EventTracker> trackers, std::string_view origin) {
  return std::any_of(trackers.begin(), trackers.end(),
                     [&](const EventTracker& tracker) { return mayUse(tracker, origin); });
}

}  // namespace attune::trainer
