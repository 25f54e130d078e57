#include "trainer/recipes/query_table.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/sample.h"
#include "tests/trainer/nn/gradient_check.h"
#include "tests/trainer/recipes/query_world.h"
#include "trainer/eval/histories.h"

using namespace attune;
using namespace attune::trainer;
using attune::testing::aligned;
using attune::testing::SampleTransformer;

namespace {

constexpr size_t kWidth = 8;

Column categories(const std::string& name, const std::vector<std::string>& values) {
  Column column{.name = name, .kind = ColumnKind::categorical};
  for (const std::string& value : values) addValue(column, value);
  return column;
}

Dataset usersWith(const Column& column, size_t users) {
  Dataset data;
  for (size_t user = 0; user < users; ++user) data.users.add("u" + std::to_string(user));
  data.userColumns = {column};
  return data;
}

}  // namespace

TEST_CASE("values that few have are no features: they teach nothing and might name somebody") {
  std::vector<std::string> values(5, "common");
  values.insert(values.end(), 4, "rare");
  const Dataset data = usersWith(categories("C", values), 9);
  const QueryTable table(data, {});
  CHECK(table.featureCount() == 1);
  CHECK(table.rowsOfUser(0) == std::vector<uint32_t>{0});
  CHECK(table.rowsOfUser(8).empty());
}

TEST_CASE("a column of very many values keeps the thousand most used ones") {
  std::vector<std::string> values;
  for (int value = 0; value < 1200; ++value)
    values.insert(values.end(), value < 900 ? 5 : 6, "v" + std::to_string(value));
  const Dataset data = usersWith(categories("C", values), values.size());
  CHECK(QueryTable(data, {}).featureCount() == 1000);
}

TEST_CASE("numbers fall into at most sixteen intervals of equally many, none through equal numbers") {
  Column column{.name = "N", .kind = ColumnKind::real};
  for (int i = 0; i < 1600; ++i) column.numbers.push_back(i < 800 ? 0.0 : i);
  column.numbers.push_back(NAN);
  const Dataset data = usersWith(column, column.numbers.size());
  const QueryTable table(data, {});
  CHECK(table.featureCount() <= 16);
  CHECK(table.featureCount() >= 8);
  CHECK(table.rowsOfUser(0) == table.rowsOfUser(799));
  CHECK(table.rowsOfUser(0) != table.rowsOfUser(1599));
  CHECK(table.rowsOfUser(1600).empty());
}

TEST_CASE("few different numbers have a feature each, even when they differ by one bit") {
  Column column{.name = "N", .kind = ColumnKind::real};
  column.numbers = {1.0, std::nextafter(1.0, 2.0), 3.0, -1e300, 1e300, 3.0};
  const Dataset data = usersWith(column, 6);
  const QueryTable table(data, {});
  CHECK(table.featureCount() == 5);
  CHECK(table.rowsOfUser(0) != table.rowsOfUser(1));
  CHECK(table.rowsOfUser(2) == table.rowsOfUser(5));
}

TEST_CASE("columns of nulls, of text and those left out make no features") {
  Column nulls{.name = "N", .kind = ColumnKind::integer};
  nulls.numbers.assign(3, NAN);
  const Dataset data = usersWith(nulls, 3);
  const QueryTable table(data, {});
  for (uint32_t user = 0; user < 3; ++user) CHECK(table.rowsOfUser(user).empty());
  Column text{.name = "T", .kind = ColumnKind::text};
  text.texts.assign(3, "x");
  const Dataset texts = usersWith(text, 3);
  CHECK_FALSE(QueryTable(texts, {}).hasUserRows());
  const Dataset world = queryWorld();
  CHECK(QueryTable(world, {.users = false, .context = false}).featureCount() == 0);
  CHECK_FALSE(QueryTable(world, {.users = false}).hasUserRows());
  CHECK(QueryTable(world, {.users = false}).hasContextRows());
}

TEST_CASE("an f32 bundle answers what the trainer computes, its values being set as text") {
  const Dataset data = queryWorld();
  const QueryTable table(data, {});
  const auto vectors = randomNumbers(table.featureCount() * kWidth, 1, 0.5f);
  const auto start = randomNumbers(kWidth, 2, 0.5f);
  const SampleTransformer sample;
  BundleBuilder builder = sample.builder(BundlePrecision::float32);
  table.write(vectors, start, BundlePrecision::float32, builder);
  const Buffer<uint8_t> bytes = aligned(builder.finish());
  const auto engine = std::move(Engine::open(bytes.span()).value());
  const auto& items = sample.weights.at({SectionKind::ItemVectors, 0});
  Scratch scratch;
  for (uint32_t user = 0; user < 40; ++user) {
    const uint32_t row = user * 7;
    std::vector<float> hidden = start;
    for (const auto& rows : {table.rowsOfUser(user), table.rowsOfEvent(row)}) {
      RowLists lists;
      lists.add(rows);
      addQueryFeatures({vectors.data(), table.featureCount(), kWidth}, lists, {},
                       {hidden.data(), 1, kWidth}, nullptr);
    }
    Session session(engine->items(), 1);
    QueryRows context;
    REQUIRE(setAttributes(*engine, data, user, session).ok());
    REQUIRE(setContext(*engine, data, row, session, context).ok());
    ListRequest request;
    request.context = &context;
    REQUIRE(engine->recommend(session, request, scratch).ok());
    double total = 0;
    std::vector<double> exponentials;
    for (uint32_t item = 0; item < 6; ++item) {
      double logit = 0;
      for (size_t i = 0; i < kWidth; ++i)
        logit += static_cast<double>(hidden[i]) * static_cast<double>(items[item * kWidth + i]);
      total += exponentials.emplace_back(std::exp(logit));
    }
    for (const Scored& one : scratch.ranked)
      CHECK(static_cast<double>(one.score) == Approx(exponentials[one.item] / total).margin(1e-5));
  }
}
