// Whether the quick scan returns the exact best items: sessions of random events ask a bundle of
// bytes for its best items, and a bundle that holds the same numbers as floats, whose scan is exact.
// One JSON line: the share of queries with the same ids in the same order.
//   bench_exactness [ITEMS] [QUERIES] [RESULTS]
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "runtime/base/random.h"
#include "runtime/serve/engine.h"
#include "tests/bench/random_model.h"

namespace {

using namespace attune;
using attune::bench::RandomModel;
using trainer::BundlePrecision;

void check(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.error().what);
}

/// A bundle, open, that lists the best items after some events.
class Asked {
 public:
  explicit Asked(const RandomModel& model) {
    const std::vector<uint8_t> bundle = model.bundle();
    check(bytes_.append(std::span<const uint8_t>(bundle)));
    auto opened = Engine::open(bytes_.span());
    if (!opened.ok()) throw std::runtime_error(opened.error().what);
    engine_ = std::move(opened.value());
  }

  std::span<const Scored> best(const std::vector<uint32_t>& items, uint32_t count) {
    Session session(engine_->items(), static_cast<uint32_t>(items.size()));
    int64_t time = 0;
    for (const uint32_t item : items)
      if (!session.record(engine_->items()[item], "click", ++time, 0).ok())
        throw std::runtime_error("out of memory");
    check(engine_->recommend(session, {.numResults = count}, scratch_));
    return scratch_.ranked.span();
  }

 private:
  Buffer<uint8_t> bytes_;
  Owned<Engine> engine_;
  Scratch scratch_;
};

struct Agreement {
  size_t same = 0;    // queries with equal lists
  size_t common = 0;  // items in both lists

  void add(std::span<const Scored> a, std::span<const Scored> b) {
    bool equal = a.size() == b.size();
    for (size_t i = 0; i < a.size(); ++i) {
      equal = equal && a[i].item == b[i].item;
      for (const Scored& other : b) common += a[i].item == other.item;
    }
    same += equal;
  }
};

size_t argument(int argc, char** argv, int index, size_t otherwise) {
  return argc > index ? std::strtoul(argv[index], nullptr, 10) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  RandomModel model{.items = static_cast<uint32_t>(argument(argc, argv, 1, 100000))};
  const size_t queries = argument(argc, argv, 2, 1000);
  const auto results = static_cast<uint32_t>(argument(argc, argv, 3, 25));
  Asked quick(model);
  model.precision = BundlePrecision::float32;
  Asked exact(model);
  model.unrounded = true;
  Asked unrounded(model);
  Agreement agreement;
  Agreement beforeRounding;
  for (size_t query = 0; query < queries; ++query) {
    const std::vector<uint32_t> items = model.randomHistory(query);
    const std::span<const Scored> found = quick.best(items, results);
    agreement.add(found, exact.best(items, results));
    beforeRounding.add(found, unrounded.best(items, results));
  }
  const auto all = static_cast<double>(queries);
  std::printf(R"({"benchmark":"exactness","items":%u,"dimension":%zu,"results":%u,"queries":%zu,)"
              R"("sameAsExactOfTheBundlesNumbers":%.5f,"overlapWithNumbersBeforeRounding":%.4f})"
              "\n",
              model.items, model.dimension, results, queries,
              static_cast<double>(agreement.same) / all,
              static_cast<double>(beforeRounding.common) / (all * results));
  return 0;
}
