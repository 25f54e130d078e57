#include "trainer/server/event_source.h"

#include <catch2/catch.hpp>

using namespace attune::trainer;  // NOLINT: tests

namespace {

constexpr int64_t kNoonMs = 1'700'000'000'000;
constexpr int64_t kDayMs = 86'400'000;

}  // namespace

TEST_CASE("addresses of one network are one source, others are not") {
  CHECK(networkOf("192.0.2.1") == networkOf("192.0.2.254"));
  CHECK(networkOf("192.0.2.1") != networkOf("192.0.3.1"));
  CHECK(networkOf("::ffff:192.0.2.7") == networkOf("192.0.2.1"));
  CHECK(networkOf("2001:db8:1:2::1") == networkOf("2001:db8:1:ffff::9"));
  CHECK(networkOf("2001:db8:1::1") != networkOf("2001:db8:2::1"));
  CHECK(networkOf("unknown") != networkOf("unknown2"));
  CHECK(networkOf("0.0.0.0") != networkOf("::"));
  for (const char* own : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"})
    CHECK(networkOf(own).empty());
}

TEST_CASE("a source has the same name for a week, another for another tracker, week or process") {
  EventSources sources;
  const std::string name = sources.nameOf("192.0.2.1", "shop", kNoonMs);
  CHECK(name.size() == 16);
  CHECK(sources.nameOf("127.0.0.1", "shop", kNoonMs).empty());
  CHECK(sources.nameOf("192.0.2.77", "shop", kNoonMs + 1000) == name);
  CHECK(sources.nameOf("192.0.2.1", "app", kNoonMs) != name);
  CHECK(sources.nameOf("198.51.100.1", "shop", kNoonMs) != name);
  const int64_t begin = kNoonMs / (7 * kDayMs) * 7 * kDayMs;
  CHECK(sources.nameOf("192.0.2.1", "shop", begin) == name);
  CHECK(sources.nameOf("192.0.2.1", "shop", begin + 7 * kDayMs - 1) == name);
  CHECK(sources.nameOf("192.0.2.1", "shop", begin + 7 * kDayMs) != name);
  CHECK(sources.nameOf("192.0.2.1", "shop", begin) != name);
  CHECK(EventSources().nameOf("192.0.2.1", "shop", kNoonMs) != name);
}
