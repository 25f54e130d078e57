#include "trainer/cli/train_forecast.h"

#include <catch2/catch.hpp>

#include "trainer/data/synthetic.h"

using namespace attune::trainer;
using Catch::Contains;

TEST_CASE("a forecast says what is usual and what is the most") {
  const TrainForecast forecast{.seconds = 372, .mostSeconds = 7000, .megabytes = 390.2, .passes = 60,
                               .mostPasses = 200};
  CHECK(forecast.toText() ==
        "usually about 6.2 min (60 passes over the data), at most 1.9 h (200); 390 MB of memory");
  CHECK(forecast.toJson()["seconds"] == 372);
  CHECK(forecast.toJson()["megabytes"] == 390);
  const TrainForecast brief{.seconds = 4.24, .passes = 35};
  CHECK_THAT(brief.toText(), Contains("about 4.2 s (35 passes over the data)"));
}

TEST_CASE("afterwards it is said how far off the forecast was") {
  const TrainForecast forecast{.seconds = 100, .megabytes = 200};
  CHECK(compare(forecast, {.seconds = 80, .megabytes = 210}) ==
        "forecast 1.7 min and 200 MB, took 80.0 s (20 % less) and 210 MB (5 % more)");
  CHECK_THAT(compare({}, {.seconds = 1, .megabytes = 1}), !Contains("%"));
}

TEST_CASE("only recipes that train for long are forecast, and never without data") {
  const Dataset data = checkerboardWorld({.users = 60, .items = 30, .interactions = 900, .seed = 1});
  const TrainRequest quick{Parameters(findRecipe("sims"))};
  CHECK_FALSE(forecastOf(data, quick).has_value());
  TrainRequest slow{Parameters(findRecipe("user-personalization"))};
  CHECK_FALSE(forecastOf(Dataset(), slow).has_value());
  const auto forecast = forecastOf(data, slow);
  REQUIRE(forecast.has_value());
  CHECK(forecast->mostPasses == 140);
  CHECK(forecast->seconds > 0);
  CHECK(forecast->mostSeconds >= forecast->seconds);
  CHECK(forecast->megabytes > 1);
}
