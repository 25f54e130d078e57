#include "trainer/base/suggest.h"

#include <catch2/catch.hpp>

using attune::trainer::didYouMean;

TEST_CASE("a slip of the finger finds the word that was meant") {
  const std::vector<std::string> words = {"sims", "popularity-count", "trending-now"};
  CHECK(didYouMean("smis", words) == "; did you mean sims?");
  CHECK(didYouMean("SIMS", words) == "; did you mean sims?");
  CHECK(didYouMean("popularity_cuont", words) == "; did you mean popularity-count?");
}

TEST_CASE("a word like none of them gets no suggestion") {
  CHECK(didYouMean("transformer", {"sims"}).empty());
  CHECK(didYouMean("x", {}).empty());
}
