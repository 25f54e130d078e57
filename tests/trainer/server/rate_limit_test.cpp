#include "trainer/server/rate_limit.h"

#include <catch2/catch.hpp>

using namespace attune::trainer;  // NOLINT: tests

TEST_CASE("a burst is let through, then the rate") {
  RateLimit limit({10, 40}, 100);
  int taken = 0;
  for (int i = 0; i < 100; ++i) taken += limit.take("a", 1000) == 0;
  CHECK(taken == 40);
  CHECK(limit.take("a", 1000) == 1);
  CHECK(limit.take("b", 1000) == 0);
  taken = 0;
  for (int ms = 1; ms <= 100'000; ++ms) taken += limit.take("a", 1000 + ms / 1000.0) == 0;
  CHECK(taken == Approx(1000).epsilon(0.01));
}

TEST_CASE("a slow rate says how long to wait") {
  RateLimit limit({0.1, 1}, 100);
  CHECK(limit.take("a", 5) == 0);
  CHECK(limit.take("a", 5) == 10);
  CHECK(limit.take("a", 12) == 3);
  CHECK(limit.take("a", 15.1) == 0);
}

TEST_CASE("no rate is no limit") {
  RateLimit limit({}, 1);
  for (int i = 0; i < 1000; ++i) CHECK(limit.take(std::to_string(i), 0) == 0);
  CHECK(limit.size() == 0);
}

TEST_CASE("a clock that goes back gives nothing away") {
  RateLimit limit({1, 2}, 10);
  CHECK(limit.take("a", 100) == 0);
  CHECK(limit.take("a", 50) == 0);
  CHECK(limit.take("a", 50) > 0);
  CHECK(limit.take("a", 100) > 0);
  CHECK(limit.take("a", 101) == 0);
}

TEST_CASE("made-up addresses cost bounded memory and share what is left") {
  RateLimit limit({1, 5}, 1000);
  int taken = 0;
  for (int i = 0; i < 100'000; ++i) taken += limit.take("spoofed" + std::to_string(i), 1000) == 0;
  CHECK(limit.size() == 1000);
  CHECK(taken == 1000 + 5);
  // Who was known before is not touched by the flood, and the flood is forgotten.
  CHECK(limit.take("spoofed7", 1000) == 0);
  CHECK(limit.take("newcomer", 1010) == 0);
  CHECK(limit.size() == 1);
}

TEST_CASE("what comes in one piece is let through while anything is left, and paid for later") {
  RateLimit limit({1, 10}, 100);
  const auto sent = [&limit](double count, double now) {
    const int64_t wait = limit.waitFor("a", now);
    if (wait == 0) limit.spend("a", count, now);
    return wait;
  };
  CHECK(sent(500, 1000) == 0);
  CHECK(sent(1, 1000) == 491);
  CHECK(sent(1, 1490) == 1);
  CHECK(sent(500, 1491) == 0);
  CHECK(sent(1, 1491) == 500);
  double events = 0;  // in the long run it is the rate, whatever the pieces
  for (int second = 0; second < 100'000; ++second)
    if (sent(37, 10'000 + second) == 0) events += 37;
  CHECK(events == Approx(100'000).epsilon(0.01));
}

TEST_CASE("made-up users shut nobody out who is new") {
  RateLimit limit({1, 5}, 1000, RateLimit::WhenFull::admit);
  for (int i = 0; i < 5000; ++i)
    for (int n = 0; n < 5; ++n) limit.take("made-up" + std::to_string(i), 1000);
  CHECK(limit.size() == 1000);
  CHECK(limit.take("made-up7", 1000) == 1);
  for (int i = 0; i < 100; ++i) CHECK(limit.take("newcomer", 1000) == 0);
}

TEST_CASE("an IPv6 household is one caller") {
  CHECK(addressGroup("10.0.0.1") != addressGroup("10.0.0.2"));
  CHECK(addressGroup("2001:db8:1:2::1") == addressGroup("2001:db8:1:2:ffff::9"));
  CHECK(addressGroup("2001:db8:1:2::1") != addressGroup("2001:db8:1:3::1"));
}
