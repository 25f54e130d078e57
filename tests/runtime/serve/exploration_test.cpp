#include "runtime/serve/exploration.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

using namespace attune;

namespace {

constexpr float kNone = -std::numeric_limits<float>::infinity();

/// The same chances by drawing from every belief, many times.
std::vector<double> drawn(const std::vector<Belief>& beliefs, float rival, int laps) {
  Random random(5);
  std::vector<double> chances(beliefs.size() + 1);
  for (int lap = 0; lap < laps; ++lap) {
    size_t best = beliefs.size();
    double highest = static_cast<double>(rival);
    for (size_t i = 0; i < beliefs.size(); ++i) {
      const double u = (random.uniform() + 0x1p-25f);
      const double x = beliefs[i].mean + beliefs[i].scale * std::log(u / (1 - u));
      if (x > highest) highest = x, best = i;
    }
    chances[best] += 1.0 / laps;
  }
  return chances;
}

}  // namespace

TEST_CASE("chances of winning are those of drawing from the beliefs") {
  std::vector<Belief> beliefs = {{0, 0.0f, 1.0f}, {1, 1.0f, 0.5f}, {2, -2.0f, 3.0f}};
  std::vector<float> room(beliefs.size());
  for (const float rival : {kNone, -1.0f, 1.5f, 6.0f}) {
    const float own = chancesOf(beliefs, rival, room);
    const std::vector<double> expected = drawn(beliefs, rival, 200000);
    float sum = own;
    for (size_t i = 0; i < beliefs.size(); ++i) {
      CHECK(beliefs[i].chance == Approx(expected[i]).margin(0.01));
      sum += beliefs[i].chance;
    }
    CHECK(own == Approx(expected.back()).margin(0.01));
    CHECK(sum == Approx(1));
  }
}

TEST_CASE("a rival beyond every belief always wins, and nothing is divided by nothing") {
  std::vector<Belief> beliefs = {{0, 0, 1e-3f}};
  std::vector<float> room(1);
  CHECK(chancesOf(beliefs, 1e6f, room) == 1);
  CHECK(beliefs[0].chance == 0);
  CHECK(chancesOf({}, 1, room) == 1);
  beliefs[0].scale = 1e-30f;
  CHECK(chancesOf(beliefs, kNone, room) == 0);
  CHECK(beliefs[0].chance == Approx(1));
}

TEST_CASE("what is ignored is believed in less, what is taken more, and both are known better") {
  const Belief fresh = beliefOf(7, 2, 3, 0, 0, 0);
  CHECK(fresh.item == 7);
  CHECK(fresh.mean == Approx(2));
  CHECK(fresh.scale == Approx(3 * 0.5513289));
  const Belief ignored = beliefOf(7, 2, 3, 10, 0, 0), taken = beliefOf(7, 2, 3, 10, 5, 0);
  CHECK(ignored.mean < fresh.mean);
  CHECK(taken.mean > fresh.mean);
  CHECK(ignored.scale < fresh.scale);
  CHECK(taken.scale < ignored.scale);
  CHECK(beliefOf(7, 2, 3, 0, 0, 1000).scale < 0.1f * fresh.scale);
}
