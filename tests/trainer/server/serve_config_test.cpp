#include "trainer/server/serve_config.h"

#include <catch2/catch.hpp>

using namespace attune::trainer;  // NOLINT: tests
using Catch::Matchers::Contains;

TEST_CASE("a configuration sets what it names and leaves the rest") {
  const ServeConfig config = parseServeConfig(
      R"({"rateLimits":{"perAddress":{"requestsPerSecond":5},"perUser":{"eventsPerMinute":30}},"proxies":["127.0.0.1"],"connections":7,
          "minFreeMegabytes":50,
          "eventTrackers":[{"name":"shop","trackingIdSha256":")" +
          std::string(62, '0') + R"(ff","origins":["https://shop.example"],"verifySecret":"s","trusted":true}]})",
      "serve.json");
  CHECK((config.ratePerAddress.perSecond == 5 && config.ratePerAddress.burst == 20));
  CHECK((config.ratePerUser.perSecond == 0.5 && config.ratePerUser.burst == 120));
  CHECK(config.ratePerTracker.perSecond == ServeConfig().ratePerTracker.perSecond);
  CHECK(config.proxies == std::vector<std::string>{"127.0.0.1"});
  CHECK(config.connections == 7);
  CHECK(config.minFreeMegabytes == 50);
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
           {R"({"rateLimits":{"perUser":{"requestsPerSecond":1}}})",
            "perUser: unknown key \"requestsPerSecond\""},
           {R"({"minFreeMegabytes":-1})", "minFreeMegabytes must be a number from 0"},
           {R"({"proxies":"x"})", "proxies must be an array"},
           {R"({"eventTrackers":[{"name":"a","trackingIdSha256":"atk_1"}]})",
            "64 hexadecimal digits"},
           {R"({"eventTrackers":[{"name":"a","trackingIdSha256":")" + std::string(64, '0') +
                R"(","trusted":1}]})",
            "trusted must be true or false"},
           {R"({"eventTrackers":[{"trackingIdSha256":"0"}]})", "name must be a text"}})
    CHECK_THROWS_WITH(parseServeConfig(text, "serve.json"), Contains(message));
}

TEST_CASE("a campaign says what is trained, where it is published, and when") {
  const ServeConfig config = parseServeConfig(
      R"({"campaigns":[{"name":"movies","recipe":"sims","directory":"published/movies/","key":"k",
          "config":{"eventType":"watch"},"includeText":["TITLE"],"filters":{"new":"x"},
          "train":{"everyDays":7,"memoryMegabytes":4096,"niceness":15,"threads":1,"maxMinutes":5},
          "update":{"everyMinutes":0.5},"gate":{"maxChurn":0.25}},
         {"name":"plain","recipe":"sims","directory":"p","key":"k","gate":false}]})",
      "serve.json");
  REQUIRE(config.campaigns.size() == 2);
  const CampaignConfig& movies = config.campaigns[0];
  CHECK((movies.name == "movies" && movies.recipe == "sims" && movies.key == "k"));
  CHECK((movies.directory == "published/movies" && movies.workFolder() == "published/movies.work"));
  CHECK(movies.solution["eventType"] == "watch");
  CHECK((movies.train.everySeconds == 7 * 86400 && movies.train.memoryMegabytes == 4096));
  CHECK((movies.train.niceness == 15 && movies.train.threads == 1));
  CHECK((movies.train.maxSeconds == 300 && movies.update.maxSeconds == 3600));
  CHECK((movies.update.everySeconds == 30 && movies.update.niceness == 10));
  REQUIRE((movies.hasGate && movies.gate.size() == 1));
  CHECK((movies.gate[0].first == "--max-churn" && movies.gate[0].second == 0.25));
  const CampaignConfig& plain = config.campaigns[1];
  CHECK((!plain.hasGate && plain.train.everySeconds == 0 && plain.update.everySeconds == 0));
}

TEST_CASE("a fault of a campaign is named with its place") {
  const auto with = [](const std::string& more, const std::string& name = "a") {
    return R"({"campaigns":[{"name":")" + name + R"(","recipe":"sims","directory":"d","key":"k")" +
           more + "}]}";
  };
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {R"({"campaigns":[{}]})", "serve.json: campaigns: name must be a text"},
           {with("", "../a"), "campaigns: name must have 1 to 63 letters, digits, - or _"},
           {with(R"(,"updates":{})"), "unknown key \"updates\"; did you mean update?"},
           {with(R"(,"update":{})"), "campaigns: update: everyMinutes must be a number"},
           {with(R"(,"update":{"everyDays":1})"), "campaigns: update: unknown key \"everyDays\""},
           {with(R"(,"train":{"everyDays":1,"niceness":20})"),
            "train: niceness must be a whole number from 0 to 19"},
           {with(R"(,"train":{"everyDays":1,"memoryMegabytes":1})"), "a whole number from 64"},
           {with(R"(,"gate":{"maxChurn":2})"), "gate: maxChurn must be a number from 0"},
           {with(R"(,"gate":{"maxChum":1})"), "did you mean maxChurn?"},
           {with(R"(,"config":"solution.json")"), "config must be an object"}})
    CHECK_THROWS_WITH(parseServeConfig(text, "serve.json"), Contains(message));
  const std::string one = R"({"name":"a","recipe":"sims","directory":"d","key":"k"})";
  CHECK_THROWS_WITH(parseServeConfig(R"({"campaigns":[)" + one + "," + one + "]}", "serve.json"),
                    Contains("two are named \"a\""));
  const std::string two = R"({"name":"b","recipe":"sims","directory":"d/","key":"k"})";
  CHECK_THROWS_WITH(parseServeConfig(R"({"campaigns":[)" + one + "," + two + "]}", "serve.json"),
                    Contains("two publish to d"));
}
