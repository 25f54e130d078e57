#include "trainer/base/progress.h"

#include <catch2/catch.hpp>
#include <sstream>

using namespace attune::trainer;
using Catch::Matchers::Contains;

namespace {

/// A target whose clock the test moves.
struct FakeTarget {
  std::ostringstream out;
  std::chrono::steady_clock::time_point time;

  ProgressTarget target(bool isTerminal) {
    ProgressTarget target;
    target.out = &out;
    target.isTerminal = isTerminal;
    target.now = [this] { return time; };
    return target;
  }
};

}  // namespace

TEST_CASE("a terminal gets one bar, redrawn in place and removed at the end") {
  FakeTarget fake;
  {
    Progress progress("import", fake.target(true));
    fake.time += std::chrono::seconds(1);
    progress.update(0.425, "1,234 rows");
    progress.update(0.5, "not due yet");
  }
  CHECK_THAT(fake.out.str(),
             Contains("import  [============>                 ]  42 %  1,234 rows"));
  CHECK_THAT(fake.out.str(), !Contains("not due"));
  CHECK_THAT(fake.out.str(), !Contains("\n"));
  CHECK_THAT(fake.out.str(), Catch::Matchers::EndsWith("\r\033[K"));
}

TEST_CASE("elsewhere a line comes every few seconds, and none for what is quick") {
  FakeTarget fake;
  Progress progress("import", fake.target(false));
  progress.update(0.1, "quick");
  CHECK(fake.out.str().empty());
  fake.time += std::chrono::seconds(5);
  progress.update(0.5, "half");
  progress.update(0.6, "soon after");
  fake.time += std::chrono::seconds(5);
  progress.update(-1, "of unknown length");
  progress.finish();
  CHECK(fake.out.str() == "import  50 %  half\nimport  of unknown length\n");
}

TEST_CASE("a progress without a stream says nothing, and fractions above one are bounded") {
  Progress silent("x", {});
  silent.update(1, "");
  FakeTarget fake;
  Progress progress("x", fake.target(true));
  fake.time += std::chrono::seconds(1);
  progress.update(1.7, "");
  CHECK_THAT(fake.out.str(), Contains("[==============================]  100 %"));
}

TEST_CASE("thousands are parted by commas") {
  CHECK(withThousands(0) == "0");
  CHECK(withThousands(999) == "999");
  CHECK(withThousands(1234567) == "1,234,567");
}
