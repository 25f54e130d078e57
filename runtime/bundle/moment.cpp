#include "runtime/bundle/moment.h"

#include <algorithm>
#include <cmath>

namespace attune {
namespace {

constexpr double kHour = 3600;
constexpr double kDay = 24 * kHour;
constexpr double kWeek = 7;  // days

/// Time begins on a Thursday.
constexpr double kFirstWeekday = 4;

/// What is left of a number, 0 to below `of`, for times before 1970 too.
double remainder(double number, double of) { return number - of * std::floor(number / of); }

}  // namespace

double automaticNumber(QueryKind kind, const Moment& moment) {
  if (kind == QueryKind::HourOfDay) return std::floor(remainder(moment.time, kDay) / kHour);
  if (kind == QueryKind::Weekday)
    return remainder(std::floor(moment.time / kDay) + kFirstWeekday, kWeek);
  return std::max(moment.time - moment.before, 0.0) / kDay;  // NaN stays NaN
}

}  // namespace attune
