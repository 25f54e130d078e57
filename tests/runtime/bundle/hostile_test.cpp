// Damaged bundles: whatever the bytes, opening fails with a typed error, or every answer is sane.
// Built with the sanitizers too, so that a read outside the file ends the test.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/sample.h"

using namespace attune;
using namespace attune::testing;

namespace {

/// The sample bundle, a transformer with what it may know of users and requests and with a blend.
Buffer<uint8_t> wholeBundle(ModelKind model) {
  if (model != ModelKind::Transformer) return sampleBundle(model);
  trainer::BundleBuilder bundle = sampleBuilder(model);
  const uint32_t taste = bundle.addQueryColumn("TASTE", QueryKind::User, ColumnType::Categorical);
  bundle.addStrings(SectionKind::QueryValueText, SectionKind::QueryValueOffsets,
                    std::vector<std::string>{"blue", "red"}, taste);
  const uint32_t hour = bundle.addQueryColumn("HOUR", QueryKind::Context, ColumnType::Integer);
  bundle.add(SectionKind::QueryEdges, std::vector<double>{8, 16}, hour);
  const uint32_t pause =
      bundle.addQueryColumn("PAUSE", QueryKind::DaysSinceLastEvent, ColumnType::Real);
  bundle.add(SectionKind::QueryEdges, std::vector<double>{1}, pause);
  addMatrix(SectionKind::QueryVectors, std::vector<float>(7 * 8, 0.5f), 8, 8,
            trainer::BundlePrecision::int8, 0, bundle);
  bundle.add(SectionKind::StartVector, std::vector<float>(8, 0.25f));
  bundle.setBlend({0.8f, 0.5f, 0.1f, 0.7f, 0.3f});
  bundle.add(SectionKind::NeighbourOffsets, std::vector<uint32_t>{0, 2, 3, 4, 4, 4, 4});
  bundle.addIndexes(SectionKind::NeighbourItems, std::vector<uint32_t>{1, 2, 0, 3}, 6);
  bundle.add(SectionKind::NeighbourWeights, std::vector<uint8_t>{200, 100, 255, 10});
  bundle.add(SectionKind::NeighbourScales, std::vector<float>(6, 1.0f / 255));
  bundle.add(SectionKind::ItemPrior, std::vector<float>(6, -0.5f));
  bundle.add(SectionKind::ColdPrior, std::vector<float>(6, 0.5f));
  bundle.addStrings(SectionKind::FilterNameText, SectionKind::FilterNameOffsets,
                    std::vector<std::string>{"old", "seen"});
  bundle.addStrings(
      SectionKind::FilterText, SectionKind::FilterOffsets,
      std::vector<std::string>{"EXCLUDE ItemID WHERE Items.YEAR < 1991",
                               "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE = \"*\""});
  return aligned(bundle.finish());
}

/// Fills in whatever columns of users and requests the bundle says there are.
void setEverything(const Engine& engine, Session& session, QueryRows& context) {
  const QueryColumns& columns = engine.queryColumns();
  for (uint32_t i = 0; i < columns.size(); ++i)
    for (const char* text : {"red", "12", "true"}) {
      const bool ofUsers = columns[i].kind == QueryKind::User;
      const auto set = ofUsers ? engine.setAttribute(session, columns[i].name, text)
                               : engine.setContext(context, columns[i].name, text);
      REQUIRE((set.ok() || set.error().code == ErrorCode::InvalidArgument));
      if (set.ok() && set.value()) break;
    }
  for (const uint32_t row : session.attributes().rows()) REQUIRE(row < columns.rowCount());
  for (const uint32_t row : context.rows()) REQUIRE(row < columns.rowCount());
}

/// Asks everything there is to ask and checks that indexes and scores are what they claim.
void exercise(const Engine& engine) {
  const uint32_t items = engine.items().size();
  Scratch scratch;
  Session session(engine.items(), 10);
  for (uint32_t item = 0; item < std::min(items, 8u); ++item)
    REQUIRE(session.record(engine.items()[item], "click", item, 1).ok());
  const ListRequest request{.numResults = items};
  const auto checkRanked = [&] {
    for (const Scored& one : scratch.ranked) {
      REQUIRE(one.item < items);
      REQUIRE(std::isfinite(one.score));
    }
  };
  REQUIRE(engine.recommend(session, request, scratch).ok());
  checkRanked();
  QueryRows context;
  REQUIRE(engine.beginContext(session, 1e9, context).ok());
  for (const uint32_t row : context.rows()) REQUIRE(row < engine.queryColumns().rowCount());
  setEverything(engine, session, context);
  REQUIRE(engine.recommend(session, {.numResults = items, .context = &context}, scratch).ok());
  checkRanked();
  Session stranger(engine.items(), 1);
  setEverything(engine, stranger, context);
  REQUIRE(engine.recommend(stranger, {.numResults = items, .context = &context}, scratch).ok());
  checkRanked();
  for (uint32_t item = 0; item < std::min(items, 8u); ++item) {
    REQUIRE(engine.related(item, nullptr, request, scratch).ok());
    checkRanked();
  }
  REQUIRE(engine.rank(session, std::vector<uint32_t>{0, 1, kUnknownItem, 0}, scratch).ok());
  checkRanked();
  Buffer<char> text;
  for (uint32_t column = 0; column < engine.catalogue().columnCount(); ++column)
    for (uint32_t item = 0; item < std::min(items, 8u); ++item) {
      const CatalogueColumn& values = engine.catalogue().column(column);
      if (values.isNull(item)) continue;
      if (values.type == ColumnType::Categorical || values.type == ColumnType::Text)
        REQUIRE(engine.catalogue().appendText(item, column, text).ok());
      else
        REQUIRE_FALSE(std::isinf(values.numbers[item]));
    }
}

/// Asks for a list through every filter that the bundle has a name for.
void exerciseFilters(const Engine& engine) {
  const NamedFilters& filters = engine.namedFilters();
  Scratch scratch;
  const Session session(engine.items(), 1);
  for (uint32_t i = 0; i < filters.size(); ++i) {
    REQUIRE(filters.find(filters.name(i)) == i);
    FilterHint hint;
    const auto filter = engine.compileFilter(filters.expression(i), FilterLanguage::extended, hint);
    if (!filter.ok()) continue;
    const ListRequest request{.numResults = 3, .filter = &filter.value()};
    const Status status = engine.recommend(session, request, scratch);
    REQUIRE((status.ok() || status.error().code == ErrorCode::InvalidFilter));
  }
}

/// Opens the bytes from memory of exactly their size, so that the sanitizer sees a step outside.
bool survives(std::span<const uint8_t> bytes) {
  const Buffer<uint8_t> copy = aligned(bytes);
  const auto engine = Engine::open(copy.span());
  if (!engine.ok()) return false;
  exercise(*engine.value());
  exerciseFilters(*engine.value());
  return true;
}

}  // namespace

TEST_CASE("a bundle cut off at any byte is refused") {
  for (const ModelKind model :
       {ModelKind::Popularity, ModelKind::Neighbours, ModelKind::Transformer,
        ModelKind::Recurrent}) {
    const Buffer<uint8_t> whole = wholeBundle(model);
    for (size_t length = 0; length < whole.size(); ++length) {
      CAPTURE(length);
      REQUIRE_FALSE(survives(whole.span().first(length)));
    }
    CHECK(survives(whole.span()));
  }
}

TEST_CASE("a bundle with any byte changed in any way is refused or answers sanely") {
  for (const ModelKind model :
       {ModelKind::Popularity, ModelKind::Neighbours, ModelKind::Transformer,
        ModelKind::Recurrent}) {
    Buffer<uint8_t> bytes = wholeBundle(model);
    size_t refused = 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
      const uint8_t original = bytes[i];
      for (const int flip : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF}) {
        bytes[i] = static_cast<uint8_t>(original ^ flip);
        if (!survives(bytes.span())) ++refused;
      }
      bytes[i] = original;
    }
    CHECK(refused > 1000);
    CHECK(survives(bytes.span()));
  }
}

TEST_CASE("every four-byte number of a bundle may be made huge, zero or minus one") {
  Buffer<uint8_t> bytes = wholeBundle(
      GENERATE(ModelKind::Neighbours, ModelKind::Transformer, ModelKind::Recurrent));
  for (size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    uint32_t original;
    std::memcpy(&original, bytes.data() + i, 4);
    for (const uint32_t value : {0u, 1u, 0x7fffffffu, 0x80000000u, 0xffffffffu, 0xfffffff0u,
                                 static_cast<uint32_t>(bytes.size()), 0x7f800000u, 0x7fc00000u}) {
      std::memcpy(bytes.data() + i, &value, 4);
      survives(bytes.span());
    }
    std::memcpy(bytes.data() + i, &original, 4);
  }
  CHECK(survives(bytes.span()));
}

TEST_CASE("a list of allowed items of another length, without any, or of other numbers is refused") {
  const auto opens = [](const std::vector<uint8_t>& allowed) {
    SampleRecurrent sample;
    sample.allowed = allowed;
    return survives(sample.builder(trainer::BundlePrecision::int8).finish());
  };
  CHECK(opens({0, 0, 1, 0, 0, 0}));
  CHECK_FALSE(opens({0, 0, 0, 0, 0, 0}));
  CHECK_FALSE(opens({1, 1, 1, 1, 1}));
  CHECK_FALSE(opens({1, 1, 1, 1, 1, 1, 1}));
  CHECK_FALSE(opens({2, 1, 1, 1, 1, 1}));
}

TEST_CASE("a recurrent network with weights missing, too large or of a wrong shape is refused") {
  using trainer::BundlePrecision;
  for (const auto& [place, numbers] : SampleRecurrent().weights) {
    CAPTURE(static_cast<int>(place.first), place.second);
    for (const BundlePrecision precision : {BundlePrecision::int8, BundlePrecision::float32}) {
      SampleRecurrent missing, large, longer;
      missing.weights.erase(place);
      CHECK_FALSE(survives(missing.builder(precision).finish()));
      large.weights[place][1] = 2e6f;
      CHECK_FALSE(survives(large.builder(precision).finish()));
      longer.weights[place].resize(numbers.size() + longer.config.dimension, 0.5f);
      CHECK_FALSE(survives(longer.builder(precision).finish()));
    }
  }
  for (const size_t dimension : {0u, 4u, 6u, 1025u, 1u << 20}) {
    SampleRecurrent sample;
    auto builder = sample.builder(BundlePrecision::int8);
    sample.config.dimension = dimension;
    builder.setRecurrent(sample.config);
    CHECK_FALSE(survives(builder.finish()));
  }
  SampleRecurrent sample;
  sample.config.window = 0;
  CHECK_FALSE(survives(sample.builder(BundlePrecision::int8).finish()));
  sample.config.window = 6;
  sample.config.normEpsilon = 0;
  CHECK_FALSE(survives(sample.builder(BundlePrecision::int8).finish()));
}
