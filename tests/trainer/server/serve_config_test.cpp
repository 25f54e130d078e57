#include "trainer/server/serve_config.h"

#include <catch2/catch.hpp>

using namespace attune::trainer;  // NOLINT: tests
using Catch::Matchers::Contains;

TEST_CASE("a configuration sets what it names and leaves the rest") {
  const ServeConfig config = parseServeConfig(
      R"({"rateLimits":{"perAddress":{"requestsPerSecond":5}},"proxies":["127.0.0.1"],"connections":7,
          "eventTrackers":[{"name":"shop","trackingIdSha256":")" +
          std::string(62, '0') + R"(ff","origins":["https://shop.example"],"verifySecret":"s","trusted":true}]})",
      "serve.json");
  CHECK((config.ratePerAddress.perSecond == 5 && config.ratePerAddress.burst == 20));
  CHECK(config.ratePerTracker.perSecond == ServeConfig().ratePerTracker.perSecond);
  CHECK(config.proxies == std::vector<std::string>{"127.0.0.1"});
  CHECK(config.connections == 7);
  REQUIRE(config.eventTrackers.size() == 1);
  CHECK(config.eventTrackers[0].keySha256[31] == 255);
  CHECK(config.eventTrackers[0].origins[0] == "https://shop.example");
  CHECK((config.eventTrackers[0].verifySecret == "s" && config.eventTrackers[0].trusted));
  CHECK(parseServeConfig("{}", "x").connections == ServeConfig().connections);
}

TEST_CASE("a fault of the configuration is named with its place") {
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"{", "serve.json is not valid JSON"},
           {"[]", "serve.json must be an object"},
           {R"({"proxys":[]})", "serve.json: unknown key \"proxys\"; did you mean proxies?"},
           {R"({"connections":0})", "serve.json: connections must be a number from 1"},
           {R"({"rateLimits":{"perAddress":{"requestsPerSecond":-1}}})",
            "rateLimits: perAddress: requestsPerSecond must be a number"},
           {R"({"rateLimits":{"perAddress":{}}})", "requestsPerSecond must be a number"},
           {R"({"proxies":"x"})", "proxies must be an array"},
           {R"({"eventTrackers":[{"name":"a","trackingIdSha256":"atk_1"}]})",
            "64 hexadecimal digits"},
           {R"({"eventTrackers":[{"name":"a","trackingIdSha256":")" + std::string(64, '0') +
                R"(","trusted":1}]})",
            "trusted must be true or false"},
           {R"({"eventTrackers":[{"trackingIdSha256":"0"}]})", "name must be a text"}})
    CHECK_THROWS_WITH(parseServeConfig(text, "serve.json"), Contains(message));
}
