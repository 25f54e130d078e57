#include "runtime/models/recurrent.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/sample.h"

using namespace attune;
using namespace attune::testing;
using trainer::BundlePrecision;

namespace {

using Vector = std::vector<double>;

struct Event {
  uint32_t item;
  int64_t timestamp;
};

/// The network written down plainly, in double, from the first event on.
class Reference {
 public:
  explicit Reference(const SampleRecurrent& sample)
      : sample_(sample), d_(sample.config.dimension) {}

  /// The logits of all items after these events.
  Vector logits(const std::vector<Event>& events) const {
    Vector user(d_, 0.0), h = start(user);
    for (size_t i = 0; i < events.size(); ++i) {
      if (i > 0 &&
          events[i].timestamp - events[i - 1].timestamp > sample_.config.sessionGapSeconds) {
        user = next(1, h, user);
        h = start(user);
      }
      Vector x = row(SectionKind::ItemVectors, 0, events[i].item);
      for (double& number : x) number *= static_cast<double>(sample_.config.inputScale);
      h = next(0, x, h);
    }
    double squares = 0;
    for (const double number : h) squares += number * number;
    const Vector gain = row(SectionKind::FinalNorm, 0, 0);
    for (size_t j = 0; j < d_; ++j)
      h[j] *= gain[j] / std::sqrt(squares / static_cast<double>(d_) +
                                  static_cast<double>(sample_.config.normEpsilon));
    return product(SectionKind::ItemVectors, 0, h, 6);
  }

 private:
  Vector row(SectionKind kind, uint32_t unit, size_t index) const {
    const auto begin = sample_.weights.at({kind, unit}).begin() + static_cast<long>(index * d_);
    return {begin, begin + static_cast<long>(d_)};
  }
  Vector product(SectionKind kind, uint32_t unit, const Vector& x, size_t rows) const {
    Vector out;
    for (size_t r = 0; r < rows; ++r) {
      const Vector weights = row(kind, unit, r);
      double total = 0;
      for (size_t i = 0; i < d_; ++i) total += weights[i] * x[i];
      out.push_back(total);
    }
    return out;
  }
  Vector start(const Vector& user) const {
    Vector h = product(SectionKind::SessionStart, 0, user, d_);
    const Vector bias = row(SectionKind::SessionStartBias, 0, 0);
    for (size_t j = 0; j < d_; ++j) h[j] = std::tanh(h[j] + bias[j]);
    return h;
  }
  Vector next(uint32_t unit, const Vector& x, const Vector& h) const {
    const auto logistic = [](double a) { return 1 / (1 + std::exp(-a)); };
    const Vector in = product(SectionKind::RecurrentInput, unit, x, 3 * d_);
    const Vector own = product(SectionKind::RecurrentState, unit, h, 3 * d_);
    const auto bias = [&](size_t part, size_t j) {
      return row(SectionKind::RecurrentBias, unit, part)[j];
    };
    Vector out(d_);
    for (size_t j = 0; j < d_; ++j) {
      const double z = logistic(in[j] + bias(0, j) + own[j]);
      const double r = logistic(in[d_ + j] + bias(1, j) + own[d_ + j]);
      const double n = std::tanh(in[2 * d_ + j] + bias(2, j) + r * (own[2 * d_ + j] + bias(3, j)));
      out[j] = (1 - z) * n + z * h[j];
    }
    return out;
  }

  const SampleRecurrent& sample_;
  size_t d_;
};

struct Asked {
  explicit Asked(BundlePrecision precision, const SampleRecurrent& sample = SampleRecurrent())
      : bytes(aligned(sample.builder(precision).finish())),
        engine(std::move(Engine::open(bytes.span()).value())) {}

  /// All items' scores, by item; 0 for those not listed.
  std::vector<float> scores(const Session& session) {
    REQUIRE(engine->recommend(session, {.numResults = 6}, scratch).ok());
    std::vector<float> byItem(6);
    for (const Scored& one : scratch.ranked) byItem[one.item] = one.score;
    return byItem;
  }
  void record(Session& session, const Event& event) const {
    const std::string_view id = event.item < 6 ? engine->items()[event.item] : "unknown";
    REQUIRE(session.record(id, "click", event.timestamp, 0).ok());
  }
  Session session(std::span<const Event> events, uint32_t maxEvents = 100) const {
    Session result(engine->items(), maxEvents);
    for (const Event& event : events) record(result, event);
    return result;
  }

  Buffer<uint8_t> bytes;
  Owned<Engine> engine;
  Scratch scratch;
};

/// Sessions of several lengths with gaps of just 30 and just above, equal times, unknown items (6).
std::vector<Event> walk(size_t length) {
  const std::vector<uint32_t> items = {0, 3, 1, 6, 5, 2, 2, 4, 0, 6, 1, 3, 5, 4, 2, 0, 3};
  const std::vector<int64_t> pauses = {0, 5, 30, 31, 0, 1, 100, 30, 31, 7, 0, 2, 5000, 1};
  std::vector<Event> events;
  int64_t clock = -40;
  for (size_t i = 0; i < length; ++i)
    events.push_back({items[i % items.size()], clock += pauses[i % pauses.size()]});
  return events;
}

std::vector<Event> known(const std::vector<Event>& events) {
  std::vector<Event> kept;
  for (const Event& event : events)
    if (event.item < 6) kept.push_back(event);
  return kept;
}

}  // namespace

TEST_CASE("the recurrent network's shares are those of the plainly written one") {
  SampleRecurrent sample;
  sample.config.window = 100;
  Asked asked(BundlePrecision::float32, sample);
  for (size_t length = 1; length <= 40; ++length) {
    const auto events = walk(length);
    const Vector logits = Reference(sample).logits(known(events));
    double total = 0;
    for (const double logit : logits) total += std::exp(logit);
    const auto found = asked.scores(asked.session(events));
    CAPTURE(length);
    for (size_t item = 0; item < 6; ++item)
      CHECK(static_cast<double>(found[item]) ==
            Approx(std::exp(logits[item]) / total).margin(3e-6));
  }
}

TEST_CASE("an event at a time gives a recurrent network's bits of the whole history at once") {
  for (const size_t window : {1u, 2u, 6u, 7u, 100u})
    for (const BundlePrecision precision : {BundlePrecision::float32, BundlePrecision::int8}) {
      SampleRecurrent sample;
      sample.config.window = window;
      Asked asked(precision, sample);
      Session growing(asked.engine->items(), 1000);
      std::vector<Event> sofar;
      for (const Event& event : walk(60)) {
        sofar.push_back(event);
        asked.record(growing, event);
        CAPTURE(window, sofar.size());
        CHECK(asked.scores(growing) == asked.scores(asked.session(sofar, 1000)));
      }
    }
}

TEST_CASE("a bounded session with a recurrent network answers from the events it holds") {
  Asked asked(BundlePrecision::int8);
  const auto events = walk(60);
  for (const uint32_t maxEvents : {1u, 2u, 5u, 6u, 7u, 9u, 20u}) {
    Session bounded(asked.engine->items(), maxEvents);
    for (size_t i = 0; i < events.size(); ++i) {
      asked.record(bounded, events[i]);
      const size_t held = std::min<size_t>(i + 1, maxEvents);
      CAPTURE(maxEvents, i);
      CHECK(asked.scores(bounded) ==
            asked.scores(asked.session(std::span(events).subspan(i + 1 - held, held))));
    }
  }
}

TEST_CASE("what is said twice in one second is one event to a recurrent network") {
  Asked asked(BundlePrecision::int8);
  const std::vector<Event> twice = {{0, 1}, {0, 1}, {3, 1}, {0, 1}, {2, 50}, {2, 50}, {1, 51}};
  const std::vector<Event> once = {{3, 1}, {0, 1}, {2, 50}, {1, 51}};
  CHECK(asked.scores(asked.session(twice)) == asked.scores(asked.session(once)));
}

TEST_CASE("a recurrent network answers from the newest events of its window alone") {
  Asked asked(BundlePrecision::float32);
  const auto all = known(walk(60));
  size_t longer = 0;
  for (size_t end = 7; end <= all.size(); ++end) {
    const auto newest = std::span(all).first(end);
    const auto answer = asked.scores(asked.session(newest));
    CHECK(answer == asked.scores(asked.session(newest.last(7))));
    // It begins at one of the older half: at 4, 5 or 6 events from the end.
    size_t same = 0;
    for (const size_t count : {4u, 5u, 6u})
      same += answer == asked.scores(asked.session(newest.last(count)));
    CHECK(same == 1);
    longer += answer == asked.scores(asked.session(newest.last(6)));
  }
  CHECK(longer > 0);
}

TEST_CASE("the gap between two events parts sessions only when it is longer than the bundle's") {
  Asked asked(BundlePrecision::float32);
  const auto after = [&](int64_t pause) {
    return asked.scores(asked.session(std::vector<Event>{{0, 100}, {1, 100 + pause}}));
  };
  CHECK(after(30) == after(0));
  CHECK(after(31) != after(30));
  CHECK(after(31) == after(1'000'000));
  const std::vector<Event> extremes = {{0, std::numeric_limits<int64_t>::min()},
                                       {1, std::numeric_limits<int64_t>::max()}};
  CHECK(asked.scores(asked.session(extremes)) == after(31));
}

TEST_CASE("events out of order, a cleared and a restored session start a recurrent network anew") {
  Asked asked(BundlePrecision::int8);
  const std::vector<Event> two = {{0, 10}, {3, 20}}, three = {{1, -5}, {0, 10}, {3, 20}};
  Session session = asked.session(two);
  asked.scores(session);
  asked.record(session, three[0]);
  CHECK(asked.scores(session) == asked.scores(asked.session(three)));
  Buffer<uint8_t> saved;
  REQUIRE(session.save(saved).ok());
  session.clear();
  CHECK(asked.scores(session) == asked.scores(asked.session({})));
  asked.record(session, {2, 50});
  CHECK(asked.scores(session) == asked.scores(asked.session(std::vector<Event>{{2, 50}})));
  REQUIRE(session.restore(saved.span()).ok());
  CHECK(asked.scores(session) == asked.scores(asked.session(three)));
}

TEST_CASE("an answer known to one scratch is the same for another") {
  Asked asked(BundlePrecision::int8);
  const Session session = asked.session(walk(9));
  const auto answer = asked.scores(session);
  asked.scratch = Scratch();
  CHECK(asked.scores(session) == answer);
}

TEST_CASE("a stranger to a recurrent network gets popular items") {
  Asked asked(BundlePrecision::int8);
  const std::vector<Event> unknown = {{6, 1}};
  asked.scores(asked.session(unknown));
  CHECK(idsOf(*asked.engine, asked.scratch.ranked.span()) ==
        std::vector<std::string>{"a", "b", "c", "d", "e", "f"});
}

TEST_CASE("only allowed items are recommended, and their shares sum to one") {
  SampleRecurrent sample;
  sample.allowed = {0, 1, 0, 1, 1, 0};
  Asked some(BundlePrecision::int8, sample), all(BundlePrecision::int8);
  const auto events = walk(9);
  const auto shares = some.scores(some.session(events));
  CHECK(some.scratch.ranked.size() == 3);
  const auto whole = all.scores(all.session(events));
  for (const uint32_t item : {0u, 2u, 5u}) CHECK(shares[item] == 0);
  const float sum = whole[1] + whole[3] + whole[4];
  for (const uint32_t item : {1u, 3u, 4u})
    CHECK(shares[item] == Approx(whole[item] / sum).epsilon(1e-3));
  REQUIRE(some.engine->related(0, nullptr, {.numResults = 6}, some.scratch).ok());
  CHECK(some.scratch.ranked.size() == 3);
  // A list somebody gives is put in order whole.
  const std::vector<uint32_t> list = {0, 1, 2, 3, 4, 5};
  REQUIRE(some.engine->rank(some.session(events), list, some.scratch).ok());
  const auto order = idsOf(*some.engine, some.scratch.ranked.span());
  REQUIRE(all.engine->rank(all.session(events), list, all.scratch).ok());
  CHECK(order == idsOf(*all.engine, all.scratch.ranked.span()));
  CHECK(order.size() == 6);
}
