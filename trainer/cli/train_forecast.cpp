#include "trainer/cli/train_forecast.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>

namespace attune::trainer {
namespace {

constexpr double kMegabyte = 1024.0 * 1024.0;

std::string format(const char* pattern, double number) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, number);
  return text;
}

/// "4.2 s", "1.5 min", "2.0 h".
std::string duration(double seconds) {
  if (seconds < 90) return format("%.1f s", seconds);
  if (seconds < 5400) return format("%.1f min", seconds / 60);
  return format("%.1f h", seconds / 3600);
}

std::string difference(double forecast, double actual) {
  if (!(forecast > 0)) return "";
  const double percent = 100 * (actual / forecast - 1);
  return " (" + format("%.0f", std::fabs(percent)) + (percent < 0 ? " % less)" : " % more)");
}

/// What this process holds now.
double residentMegabytes() {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  double resident = 0;
  file >> pages >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / kMegabyte;
}

double rounded(double value) { return std::round(value * 1000) / 1000; }

}  // namespace

std::string TrainForecast::toText() const {
  return "usually about " + duration(seconds) + " (" + std::to_string(passes) +
         " passes over the data), at most " + duration(mostSeconds) + " (" +
         std::to_string(mostPasses) + "); " + format("%.0f MB of memory", megabytes);
}

nlohmann::ordered_json TrainForecast::toJson() const {
  return {{"seconds", rounded(seconds)}, {"mostSeconds", rounded(mostSeconds)},
          {"megabytes", std::round(megabytes)}, {"passes", passes},
          {"mostPasses", mostPasses}};
}

nlohmann::ordered_json TrainActual::toJson() const {
  return {{"seconds", rounded(seconds)}, {"megabytes", std::round(megabytes)}};
}

std::string compare(const TrainForecast& forecast, const TrainActual& actual) {
  return "forecast " + duration(forecast.seconds) + " and " +
         format("%.0f MB", forecast.megabytes) + ", took " + duration(actual.seconds) +
         difference(forecast.seconds, actual.seconds) + " and " +
         format("%.0f MB", actual.megabytes) + difference(forecast.megabytes, actual.megabytes);
}

std::optional<TrainForecast> forecastOf(const Dataset& data, const TrainRequest& request) {
  if (data.interactions.size() == 0) return std::nullopt;
  const double before = residentMegabytes();
  const auto recipe = makeRecipe(request.parameters.recipe().name);
  const auto forecast = recipe->forecast(data, request.parameters, request.options);
  malloc_trim(0);  // what the trial has freed would count again when training takes it anew
  if (!forecast) return std::nullopt;
  return TrainForecast{forecast->seconds, forecast->mostSeconds,
                       std::max(peakMegabytes(), before + forecast->megabytes), forecast->passes,
                       forecast->mostPasses};
}

double peakMegabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

}  // namespace attune::trainer
