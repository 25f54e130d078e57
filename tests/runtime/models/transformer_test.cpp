#include "runtime/models/transformer.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <optional>

#include "tests/support/sample.h"

using namespace attune;
using namespace attune::testing;
using trainer::BundleBuilder;
using trainer::BundlePrecision;

namespace {

using Vector = std::vector<double>;

/// The model written down plainly, in double, from the first event on: what the runtime must agree
/// with, whichever way it got there.
class Reference {
 public:
  explicit Reference(const SampleTransformer& sample) : sample_(sample), c_(sample.config) {}

  /// The logits of all items after these events.
  Vector logits(const std::vector<uint32_t>& items) const {
    std::vector<Vector> xs;
    for (const uint32_t item : items) {
      xs.push_back(row(SectionKind::ItemVectors, 0, item, c_.dimension));
      for (double& x : xs.back()) x *= static_cast<double>(c_.inputScale);
    }
    for (uint32_t layer = 0; layer < c_.layers; ++layer) xs = block(layer, xs);
    for (Vector& x : xs) x = norm(SectionKind::FinalNorm, 0, x);
    Vector scores = product(SectionKind::ItemVectors, 0, xs.back(), 6);
    if (c_.pointer > 0) point(items, xs, scores);
    return scores;
  }

 private:
  Vector row(SectionKind kind, uint32_t layer, size_t index, size_t columns) const {
    const auto& all = sample_.weights.at({kind, layer});
    const auto begin = all.begin() + static_cast<long>(index * columns);
    return {begin, begin + static_cast<long>(columns)};
  }

  Vector product(SectionKind kind, uint32_t layer, const Vector& x, size_t rows) const {
    Vector out;
    for (size_t r = 0; r < rows; ++r) {
      const Vector weights = row(kind, layer, r, x.size());
      double total = 0;
      for (size_t i = 0; i < x.size(); ++i) total += weights[i] * x[i];
      out.push_back(total);
    }
    return out;
  }

  Vector norm(SectionKind kind, uint32_t layer, Vector x) const {
    double squares = 0;
    for (const double value : x) squares += value * value;
    const double scale = 1 / std::sqrt(squares / static_cast<double>(x.size()) +
                                       static_cast<double>(c_.normEpsilon));
    const Vector gain = row(kind, layer, 0, x.size());
    for (size_t i = 0; i < x.size(); ++i) x[i] *= scale * gain[i];
    return x;
  }

  std::vector<Vector> block(uint32_t layer, std::vector<Vector> xs) const {
    const size_t d = c_.dimension;
    std::vector<Vector> wide;
    for (const Vector& x : xs)
      wide.push_back(product(SectionKind::QueryKeyValue, layer,
                             norm(SectionKind::AttentionNorm, layer, x), 3 * d));
    for (size_t t = 0; t < xs.size(); ++t) {
      add(xs[t], product(SectionKind::AttentionOut, layer, attend(layer, wide, t), d));
      const Vector gated = product(SectionKind::GateAndUp, layer,
                                   norm(SectionKind::FeedForwardNorm, layer, xs[t]),
                                   2 * c_.feedForward);
      Vector active;
      for (size_t i = 0; i < c_.feedForward; ++i)
        active.push_back(gated[i] / (1 + std::exp(-gated[i])) * gated[c_.feedForward + i]);
      add(xs[t], product(SectionKind::Down, layer, active, d));
    }
    return xs;
  }

  Vector attend(uint32_t layer, const std::vector<Vector>& wide, size_t t) const {
    const size_t d = c_.dimension, width = d / c_.heads;
    Vector mixed(d, 0.0);
    for (size_t head = 0; head < c_.heads; ++head) {
      Vector weights;
      double total = 0;
      for (size_t j = 0; j < c_.window && j <= t; ++j) {
        double score = 0;
        for (size_t i = head * width; i < (head + 1) * width; ++i)
          score += wide[t][i] * wide[t - j][d + i];
        score = score / std::sqrt(static_cast<double>(width)) +
                row(SectionKind::DistanceBias, layer, head, c_.window)[j];
        weights.push_back(std::exp(score));
        total += weights.back();
      }
      for (size_t j = 0; j < weights.size(); ++j)
        for (size_t i = head * width; i < (head + 1) * width; ++i)
          mixed[i] += weights[j] / total * wide[t - j][2 * d + i];
    }
    return mixed;
  }

  void point(const std::vector<uint32_t>& items, const std::vector<Vector>& xs,
             Vector& scores) const {
    const size_t width = c_.pointer, last = xs.size() - 1;
    const Vector query = product(SectionKind::PointerQueryKey, 0, xs[last], width);
    for (size_t j = 0; j < c_.window && j <= last; ++j) {
      const Vector both = product(SectionKind::PointerQueryKey, 0, xs[last - j], 2 * width);
      double logit = row(SectionKind::PointerBias, 0, 0, c_.window)[j];
      for (size_t i = 0; i < width; ++i)
        logit += query[i] * both[width + i] / std::sqrt(static_cast<double>(width));
      double& score = scores[items[last - j]];
      score = std::log(std::exp(score) + std::exp(logit));
    }
  }

  static void add(Vector& x, const Vector& y) {
    for (size_t i = 0; i < x.size(); ++i) x[i] += y[i];
  }

  const SampleTransformer& sample_;
  const TransformerConfig& c_;
};

struct Asked {
  explicit Asked(BundlePrecision precision, bool pointer = false)
      : bytes(aligned(SampleTransformer(pointer).builder(precision).finish())),
        engine(std::move(Engine::open(bytes.span()).value())) {}

  /// All items' scores, by item.
  std::vector<float> scores(const Session& session) {
    REQUIRE(engine->recommend(session, {.numResults = 6}, scratch).ok());
    std::vector<float> byItem(6);
    for (const Scored& one : scratch.ranked) byItem[one.item] = one.score;
    return byItem;
  }
  Session session(const std::vector<uint32_t>& items, uint32_t maxEvents = 100) {
    Session result(engine->items(), maxEvents);
    for (const uint32_t item : items)
      REQUIRE(result.record(engine->items()[item], "click", ++clock, 0).ok());
    return result;
  }

  Buffer<uint8_t> bytes;
  Owned<Engine> engine;
  Scratch scratch;
  int64_t clock = 0;
};

const std::vector<uint32_t> kWalk = {0, 3, 1, 5, 2, 2, 4, 0, 1, 3, 5, 4, 2, 0, 3};

}  // namespace

TEST_CASE("the transformer's shares are those of the plainly written model") {
  const bool pointer = GENERATE(false, true);
  Asked asked(BundlePrecision::float32, pointer);
  const SampleTransformer sample(pointer);
  for (size_t length = 1; length <= kWalk.size(); ++length) {
    const std::vector<uint32_t> items(kWalk.begin(), kWalk.begin() + static_cast<long>(length));
    const Vector logits = Reference(sample).logits(items);
    double total = 0;
    for (const double logit : logits) total += std::exp(logit);
    const auto found = asked.scores(asked.session(items));
    CAPTURE(length);
    for (size_t item = 0; item < 6; ++item)
      CHECK(static_cast<double>(found[item]) == Approx(std::exp(logits[item]) / total).margin(2e-6));
  }
}

TEST_CASE("an event at a time gives the bits of the whole history at once") {
  const bool pointer = GENERATE(false, true);
  for (const BundlePrecision precision : {BundlePrecision::float32, BundlePrecision::int8}) {
    Asked asked(precision, pointer);
    Session growing(asked.engine->items(), 100);
    for (size_t length = 1; length <= kWalk.size(); ++length) {
      REQUIRE(growing.record(asked.engine->items()[kWalk[length - 1]], "click",
                             static_cast<int64_t>(length), 0).ok());
      const std::vector<uint32_t> items(kWalk.begin(), kWalk.begin() + static_cast<long>(length));
      CHECK(asked.scores(growing) == asked.scores(asked.session(items)));
    }
  }
}

TEST_CASE("a bounded session answers from the events it holds, however it came to hold them") {
  Asked asked(BundlePrecision::int8, GENERATE(false, true));
  for (const uint32_t maxEvents : {1u, 2u, 3u, 5u, 7u, 8u, 20u}) {
    Session bounded(asked.engine->items(), maxEvents);
    for (size_t i = 0; i < kWalk.size(); ++i) {
      REQUIRE(bounded.record(asked.engine->items()[kWalk[i]], "click", static_cast<int64_t>(i), 0).ok());
      const size_t begin = i + 1 > maxEvents ? i + 1 - maxEvents : 0;
      const std::vector<uint32_t> held(kWalk.begin() + static_cast<long>(begin),
                                       kWalk.begin() + static_cast<long>(i + 1));
      CAPTURE(maxEvents, i);
      CHECK(asked.scores(bounded) == asked.scores(asked.session(held)));
    }
  }
}

TEST_CASE("a bounded session with copies in one second answers as one that holds none of them") {
  Asked asked(BundlePrecision::int8);
  Session bounded(asked.engine->items(), 4);
  const std::vector<uint32_t> items = {0, 0, 1, 0, 3, 3, 3, 1, 1, 3, 2, 0, 0, 1, 0};
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string_view id = asked.engine->items()[items[i]];
    REQUIRE(bounded.record(id, "click", static_cast<int64_t>(i / 4), 0).ok());
    std::vector<uint32_t> counting;
    for (const SessionEvent& event : bounded.events())
      if (event.counts()) counting.push_back(event.item);
    CAPTURE(i);
    CHECK(asked.scores(bounded) == asked.scores(asked.session(counting)));
  }
}

TEST_CASE("events out of order, a cleared and a restored session start anew") {
  Asked asked(BundlePrecision::int8);
  Session session = asked.session({0, 3});
  asked.scores(session);
  REQUIRE(session.record("b", "click", -5, 0).ok());
  CHECK(asked.scores(session) == asked.scores(asked.session({1, 0, 3})));
  Buffer<uint8_t> saved;
  REQUIRE(session.save(saved).ok());
  session.clear();
  CHECK(asked.scores(session) == asked.scores(asked.session({})));
  REQUIRE(session.restore(saved.span()).ok());
  CHECK(asked.scores(session) == asked.scores(asked.session({1, 0, 3})));
}

TEST_CASE("unknown items change nothing, and a user without known events gets popular items") {
  Asked asked(BundlePrecision::int8, GENERATE(false, true));
  Session session = asked.session({0, 3});
  REQUIRE(session.record("unknown", "click", 99, 0).ok());
  CHECK(asked.scores(session) == asked.scores(asked.session({0, 3})));
  Session stranger(asked.engine->items(), 5);
  REQUIRE(stranger.record("unknown", "click", 1, 0).ok());
  asked.scores(stranger);
  CHECK(idsOf(*asked.engine, asked.scratch.ranked.span()) ==
        std::vector<std::string>{"a", "b", "c", "d", "e", "f"});
}

TEST_CASE("scores are shares of the whole catalogue, whatever a filter takes out") {
  Asked asked(BundlePrecision::int8, GENERATE(false, true));
  const Session session = asked.session({0, 3, 1});
  double total = 0;
  const auto all = asked.scores(session);
  for (const float score : all) total += static_cast<double>(score);
  CHECK(total == Approx(1).epsilon(1e-3));
  FilterHint hint;
  const auto filter =
      asked.engine->compileFilter(R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*"))",
                                  FilterLanguage::extended, hint);
  REQUIRE(asked.engine->recommend(session, {6, &filter.value()}, asked.scratch).ok());
  CHECK(asked.scratch.ranked.size() == 3);
  for (const Scored& one : asked.scratch.ranked) CHECK(one.score == all[one.item]);
}

TEST_CASE("a ranking's shares sum to one and keep the order of recommendations") {
  Asked asked(BundlePrecision::int8, GENERATE(false, true));
  const Session session = asked.session({0, 3, 1});
  REQUIRE(asked.engine->recommend(session, {.numResults = 6}, asked.scratch).ok());
  const auto order = idsOf(*asked.engine, asked.scratch.ranked.span());
  REQUIRE(asked.engine->rank(session, std::vector<uint32_t>{0, 1, 2, 3, 4, 5}, asked.scratch).ok());
  CHECK(idsOf(*asked.engine, asked.scratch.ranked.span()) == order);
  double total = 0;
  for (const Scored& one : asked.scratch.ranked) total += static_cast<double>(one.score);
  CHECK(total == Approx(1).epsilon(1e-6));
}

TEST_CASE("bytes instead of floats move the shares a little only") {
  const bool pointer = GENERATE(false, true);
  Asked exact(BundlePrecision::float32, pointer);
  Asked small(BundlePrecision::int8, pointer);
  const auto a = exact.scores(exact.session(kWalk));
  const auto b = small.scores(small.session(kWalk));
  for (size_t item = 0; item < 6; ++item) CHECK(std::fabs(a[item] - b[item]) < 0.03f);
}

TEST_CASE("what is pointed at in one request leaves nothing for the next") {
  Asked asked(BundlePrecision::int8, true);
  const auto first = asked.scores(asked.session({0, 3}));
  asked.scores(asked.session({5, 5, 4}));
  asked.scores(asked.session({}));
  CHECK(asked.scores(asked.session({0, 3})) == first);
}

TEST_CASE("a pointer without its weights, or too wide, is a damaged bundle, not a crash") {
  const auto opened = [](const std::function<void(BundleBuilder&)>& change) {
    BundleBuilder builder = SampleTransformer(true).builder(BundlePrecision::int8);
    change(builder);
    const Buffer<uint8_t> bytes = aligned(builder.finish());
    const auto engine = Engine::open(bytes.span());
    return engine.ok() ? std::nullopt : std::optional(engine.error().code);
  };
  CHECK(opened([](BundleBuilder&) {}) == std::nullopt);
  CHECK(opened([](BundleBuilder& b) { b.remove(SectionKind::PointerBias); }) ==
        ErrorCode::CorruptBundle);
  CHECK(opened([](BundleBuilder& b) { b.remove(SectionKind::PointerQueryKey); }) ==
        ErrorCode::CorruptBundle);
  for (const size_t width : {size_t{4}, size_t{1025}}) {
    CHECK(opened([&](BundleBuilder& b) {
            TransformerConfig config = SampleTransformer(true).config;
            config.pointer = width;
            b.setTransformer(config);
          }) == ErrorCode::CorruptBundle);
  }
}

TEST_CASE("related items are the nearest by angle") {
  Asked asked(BundlePrecision::float32);
  REQUIRE(asked.engine->related(0, nullptr, {.numResults = 6}, asked.scratch).ok());
  CHECK(asked.scratch.ranked.size() == 5);
  for (const Scored& one : asked.scratch.ranked) CHECK(std::fabs(one.score) <= 1.0001f);
}
