#include "trainer/server/origin.h"

#include <catch2/catch.hpp>

#include "trainer/base/errors.h"

using namespace attune::trainer;  // NOLINT: tests

TEST_CASE("origins are written as browsers send them") {
  for (const char* good :
       {"https://shop.example", "http://localhost:8080", "https://a-b.example:444",
        "http://127.0.0.1:5173", "http://[::1]:8080", "https://[2001:db8::1]"})
    CHECK_NOTHROW(checkOrigin(good));
  for (const char* bad :
       {"", "null", "*", "https://", "shop.example", "https://shop.example/", "https://*.example",
        "https://Shop.example", "https://shop.example:443", "http://shop.example:80",
        "https://a:b@c", "https://shop.example:", "https://shop.example:0",
        "https://shop.example:99999", "ftp://shop.example", "https://shop.example?x",
        "https://shop example", "https://shop.example\r\nX: y", "http://[::1]:80443"})
    CHECK_THROWS_AS(checkOrigin(bad), UserError);
}

TEST_CASE("an origin is allowed when it is exactly one of the tracker's") {
  const EventTracker tracker{"t", {}, {"https://shop.example", "http://localhost:8080"}};
  CHECK(mayUse(tracker, "https://shop.example"));
  CHECK(mayUse(tracker, "http://localhost:8080"));
  for (const char* other :
       {"", "null", "http://shop.example", "https://evil-shop.example", "https://shop.example.evil",
        "https://a.shop.example", "https://shop.example:444", "http://localhost"})
    CHECK_FALSE(mayUse(tracker, other));
  CHECK_FALSE(mayUse(EventTracker{}, "https://shop.example"));
  const std::vector<EventTracker> two{EventTracker{}, tracker};
  CHECK(mayUseAny(two, "https://shop.example"));
  CHECK_FALSE(mayUseAny(two, "null"));
}
