#include "runtime/bundle/moment.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <tuple>

#include "runtime/bundle/query_columns.h"

using namespace attune;

namespace {

constexpr double kDay = 86400;

double hourOf(double seconds) { return automaticNumber(QueryKind::HourOfDay, {seconds}); }
double weekdayOf(double seconds) { return automaticNumber(QueryKind::Weekday, {seconds}); }
double pauseOf(const Moment& moment) {
  return automaticNumber(QueryKind::DaysSinceLastEvent, moment);
}

/// Days from 1970 to a date, counted year by year and month by month.
int daysTo(int year, int month, int day) {
  const auto isLeap = [](int y) { return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0; };
  int days = 0;
  for (int y = 1970; y < year; ++y) days += isLeap(y) ? 366 : 365;
  for (int y = year; y < 1970; ++y) days -= isLeap(y) ? 366 : 365;
  const int lengths[] = {31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (int m = 1; m < month; ++m) days += lengths[m - 1];
  return days + day - 1;
}

}  // namespace

TEST_CASE("known dates have their weekday, in leap years and before 1970 too") {
  for (const auto& [year, month, day, weekday] : {std::tuple{1970, 1, 1, 4},
                                                  {1969, 12, 31, 3},
                                                  {1969, 7, 20, 0},
                                                  {1900, 1, 1, 1},
                                                  {1900, 2, 28, 3},
                                                  {1900, 3, 1, 4},
                                                  {1582, 10, 15, 5},
                                                  {2000, 2, 29, 2},
                                                  {2000, 3, 1, 3},
                                                  {2023, 11, 14, 2},
                                                  {2024, 2, 28, 3},
                                                  {2024, 2, 29, 4},
                                                  {2024, 3, 1, 5},
                                                  {2024, 12, 31, 2},
                                                  {2025, 1, 1, 3},
                                                  {2038, 1, 19, 2},
                                                  {2100, 2, 28, 0},
                                                  {2100, 3, 1, 1}}) {
    CAPTURE(year, month, day);
    const double midnight = kDay * daysTo(year, month, day);
    CHECK(weekdayOf(midnight) == weekday);
    CHECK(weekdayOf(midnight + kDay - 1) == weekday);
    CHECK(weekdayOf(midnight - 1) == (weekday + 6) % 7);
  }
}

TEST_CASE("an hour goes from its first second to its last, on either side of 1970") {
  for (const int day : {-30000, -1, 0, 1, 19675})
    for (int hour = 0; hour < 24; ++hour) {
      CAPTURE(day, hour);
      const double begin = day * kDay + hour * 3600;
      CHECK(hourOf(begin) == hour);
      CHECK(hourOf(begin + 3599) == hour);
      CHECK(hourOf(begin + 3599.999) == hour);
      CHECK(hourOf(begin - 1) == (hour + 23) % 24);
    }
}

TEST_CASE("the pause is in days, and nothing before a first event") {
  CHECK(pauseOf({1000, 1000}) == 0);
  CHECK(pauseOf({3 * kDay, kDay / 2}) == 2.5);
  CHECK(pauseOf({-kDay, -3 * kDay}) == 2);
  CHECK(pauseOf({3600, 0}) == 1.0 / 24);
  CHECK(std::isnan(pauseOf({1000})));
}

TEST_CASE("an event that is later than the request is no pause ago") {
  CHECK(pauseOf({1000, 2000}) == 0);
}

TEST_CASE("times that are none say nothing, and far ones something within bounds") {
  for (const double none : {NAN, INFINITY, -INFINITY}) {
    CHECK(std::isnan(hourOf(none)));
    CHECK(std::isnan(weekdayOf(none)));
  }
  for (const double far : {-9e15, 9e15, -1e11, 1e11}) {
    CHECK((hourOf(far) >= 0 && hourOf(far) < 24));
    CHECK((weekdayOf(far) >= 0 && weekdayOf(far) < 7));
  }
}

TEST_CASE("a moment fills automatic columns alone, and an unknown pause none") {
  const std::vector<double> noon{12}, week{0.5, 5.5}, pauses{1, 7};
  const auto view = [](const std::vector<double>& edges) {
    return NumberView(reinterpret_cast<const uint8_t*>(edges.data()), edges.size(),
                      NumberView::Type::f64);
  };
  QueryColumns columns;
  const auto add = [&](const char* name, QueryKind kind, const std::vector<double>& edges) {
    REQUIRE(
        columns.add({.name = name, .kind = kind, .type = ColumnType::Real, .edges = view(edges)})
            .ok());
  };
  add("AGE", QueryKind::User, noon);                    // rows 0, 1
  add("TEMPERATURE", QueryKind::Context, noon);         // rows 2, 3
  add("PAUSE", QueryKind::DaysSinceLastEvent, pauses);  // rows 4, 5, 6
  add("HOUR", QueryKind::HourOfDay, noon);              // rows 7, 8
  add("WEEKDAY", QueryKind::Weekday, week);             // rows 9, 10, 11
  const auto rowsAt = [&](const Moment& moment) {
    QueryRows rows;
    REQUIRE(columns.setAutomatic(moment, rows).ok());
    return std::vector<uint32_t>(rows.rows().begin(), rows.rows().end());
  };
  CHECK(rowsAt({0}) == std::vector<uint32_t>{7, 10});                       // a Thursday
  CHECK(rowsAt({3.5 * kDay, 0}) == std::vector<uint32_t>{5, 8, 9});         // a Sunday
  CHECK(rowsAt({2 * kDay, -9 * kDay}) == std::vector<uint32_t>{6, 7, 11});  // a Saturday
  CHECK(columns.has(QueryKind::Context));
  CHECK(columns.find(QueryKind::Context, "hour") == 3);
  CHECK(columns.find(QueryKind::User, "HOUR") == QueryColumns::kNone);
}
