#include "runtime/bundle/query_columns.h"

#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <vector>

#include "tests/support/sample.h"

using namespace attune;
using namespace attune::testing;
using trainer::BundleBuilder;

namespace {

/// Users: COUNTRY (de, fr, us), AGE (edges 20, 30), MEMBER, NOTE (text); context: country, DEVICE.
BundleBuilder builder() {
  BundleBuilder bundle = sampleBuilder(ModelKind::Popularity);
  const auto values = [&](const char* name, QueryKind kind, const std::vector<std::string>& all) {
    const uint32_t column = bundle.addQueryColumn(name, kind, ColumnType::Categorical);
    bundle.addStrings(SectionKind::QueryValueText, SectionKind::QueryValueOffsets, all, column);
  };
  const auto edges = [&](const char* name, ColumnType type, const std::vector<double>& all) {
    bundle.add(SectionKind::QueryEdges, all, bundle.addQueryColumn(name, QueryKind::User, type));
  };
  values("COUNTRY", QueryKind::User, {"de", "fr", "us"});
  edges("AGE", ColumnType::Integer, {20, 30});
  edges("MEMBER", ColumnType::Boolean, {0.5});
  bundle.addQueryColumn("NOTE", QueryKind::User, ColumnType::Text);
  values("country", QueryKind::Context, {"de"});
  values("DEVICE", QueryKind::Context, {"phone", "tv"});
  return bundle;
}

struct Opened {
  explicit Opened(const BundleBuilder& from = builder()) : bytes(aligned(from.finish())) {}
  Result<QueryColumns> columns() const { return QueryColumns::open(Bundle::open(bytes.span()).value()); }
  Buffer<uint8_t> bytes;
};

std::vector<uint32_t> listOf(const QueryRows& rows) { return {rows.rows().begin(), rows.rows().end()}; }

}  // namespace

TEST_CASE("columns are read with their features numbered through") {
  const Opened opened;
  const auto columns = opened.columns();
  REQUIRE(columns.ok());
  REQUIRE(columns.value().size() == 6);
  CHECK(columns.value().rowCount() == 3 + 3 + 2 + 0 + 1 + 2);
  CHECK(columns.value()[1].name == "AGE");
  CHECK(columns.value()[1].firstRow == 3);
  CHECK(columns.value()[5].firstRow == 9);
  CHECK(columns.value().has(QueryKind::Context));
}

TEST_CASE("names compare in any case, an exact one first, and within their kind") {
  const Opened opened;
  const auto columns = opened.columns();
  CHECK(columns.value().find(QueryKind::User, "Country") == 0);
  CHECK(columns.value().find(QueryKind::Context, "COUNTRY") == 4);
  CHECK(columns.value().find(QueryKind::Context, "device") == 5);
  CHECK(columns.value().find(QueryKind::User, "DEVICE") == QueryColumns::kNone);
  CHECK(columns.value().find(QueryKind::User, "COUNTRI") == QueryColumns::kNone);
}

TEST_CASE("values become rows, and a later value replaces an earlier one, in any order of columns") {
  const Opened opened;
  const auto columns = opened.columns();
  QueryRows rows;
  const auto set = [&](const char* name, const char* text) {
    return columns.value().set(QueryKind::User, name, text, rows).value();
  };
  CHECK(set("MEMBER", "true"));
  CHECK(set("AGE", "20"));
  CHECK(set("COUNTRY", "us|de|us"));
  CHECK(listOf(rows) == std::vector<uint32_t>{0, 2, 4, 7});
  CHECK(set("AGE", "19.999"));
  CHECK(listOf(rows) == std::vector<uint32_t>{0, 2, 3, 7});
  CHECK(set("age", "1e3"));
  CHECK(set("COUNTRY", "fr"));
  CHECK(listOf(rows) == std::vector<uint32_t>{1, 5, 7});
  CHECK(set("MEMBER", "false"));
  CHECK(listOf(rows) == std::vector<uint32_t>{1, 5, 6});
}

TEST_CASE("what the model does not know takes the value away and contributes nothing") {
  const Opened opened;
  const auto columns = opened.columns();
  QueryRows rows;
  const auto set = [&](const char* name, const char* text) {
    return columns.value().set(QueryKind::User, name, text, rows).value();
  };
  for (const auto& [name, known, unknown] :
       {std::tuple{"COUNTRY", "de", "DE"}, {"AGE", "5", "old"}, {"AGE", "5", "nan"},
        {"MEMBER", "true", "yes"}, {"COUNTRY", "de", ""}, {"COUNTRY", "de", "|"}}) {
    CAPTURE(name, unknown);
    CHECK(set(name, known));
    CHECK_FALSE(set(name, unknown));
    CHECK(rows.rows().empty());
  }
  CHECK_FALSE(set("NOTE", "anything"));
}

TEST_CASE("names that are not there, and texts that are none, are refused") {
  const Opened opened;
  const auto columns = opened.columns();
  QueryRows rows;
  const auto code = [&](std::string_view name, std::string_view text) {
    const auto set = columns.value().set(QueryKind::Context, name, text, rows);
    return set.ok() ? 0 : static_cast<int>(set.error().code);
  };
  CHECK(code("AGE", "5") == static_cast<int>(ErrorCode::NotFound));
  CHECK(code("", "5") == static_cast<int>(ErrorCode::InvalidArgument));
  CHECK(code("DEVICE", "\xff") == static_cast<int>(ErrorCode::InvalidArgument));
  CHECK(code("DEVICE", std::string(65537, 'x')) == static_cast<int>(ErrorCode::InvalidArgument));
  CHECK(code(std::string(1025, 'x'), "") == static_cast<int>(ErrorCode::InvalidArgument));
}

TEST_CASE("a bundle without such columns takes every name and knows nothing of it") {
  const Opened opened(sampleBuilder(ModelKind::Popularity));
  const auto columns = opened.columns();
  REQUIRE(columns.ok());
  QueryRows rows;
  CHECK_FALSE(columns.value().set(QueryKind::Context, "DEVICE", "phone", rows).value());
  CHECK(rows.rows().empty());
}

TEST_CASE("damaged query columns are refused") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto refused = [](const BundleBuilder& bundle) {
    const Opened opened(bundle);
    const auto columns = opened.columns();
    return !columns.ok() && columns.error().code == ErrorCode::CorruptBundle &&
           !Engine::open(opened.bytes.span()).ok();
  };
  for (const std::vector<double>& edges :
       {std::vector<double>{30, 20}, {20, 20}, {nan}, {std::numeric_limits<double>::infinity()}}) {
    BundleBuilder bundle = builder();
    bundle.add(SectionKind::QueryEdges, edges, 1);
    CHECK(refused(bundle));
  }
  BundleBuilder floats = builder();
  floats.add(SectionKind::QueryEdges, std::vector<float>{20, 30}, 1);
  CHECK(refused(floats));
  BundleBuilder missing = builder();
  missing.addQueryColumn("MORE", QueryKind::User, ColumnType::Categorical);
  CHECK(refused(missing));
  BundleBuilder twice = builder();
  twice.addQueryColumn("NOTE", QueryKind::User, ColumnType::Text);
  CHECK(refused(twice));
  BundleBuilder unsorted = builder();
  unsorted.addStrings(SectionKind::QueryValueText, SectionKind::QueryValueOffsets,
                      std::vector<std::string>{"tv", "phone"}, 5);
  CHECK(refused(unsorted));
  BundleBuilder kind = builder();
  kind.addQueryColumn("X", static_cast<QueryKind>(5), ColumnType::Text);
  CHECK(refused(kind));
  for (const ColumnType wordy : {ColumnType::Categorical, ColumnType::Text}) {
    BundleBuilder automatic = builder();
    const uint32_t column = automatic.addQueryColumn("X", QueryKind::Weekday, wordy);
    automatic.addStrings(SectionKind::QueryValueText, SectionKind::QueryValueOffsets,
                         std::vector<std::string>{"tuesday"}, column);
    CHECK(refused(automatic));
  }
  BundleBuilder sameName = builder();
  sameName.add(SectionKind::QueryEdges, std::vector<double>{},
               sameName.addQueryColumn("DEVICE", QueryKind::HourOfDay, ColumnType::Integer));
  CHECK(refused(sameName));
  BundleBuilder type = builder();
  type.addQueryColumn("X", QueryKind::User, static_cast<ColumnType>(5));
  CHECK(refused(type));
  BundleBuilder nameless = builder();
  nameless.addQueryColumn("", QueryKind::User, ColumnType::Text);
  CHECK(refused(nameless));
}
