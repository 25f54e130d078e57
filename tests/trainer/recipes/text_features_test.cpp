#include "trainer/recipes/text_features.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/trainer/recipes/item_table.h"

using namespace attune::trainer;

namespace {

/// The product of two items' weights: 1 where their texts are the same, 0 where they share nothing.
double likeness(const ItemFeatures& features, size_t a, size_t b) {
  std::vector<double> of(features.featureCount);
  for (uint64_t i = features.offsets[a]; i < features.offsets[a + 1]; ++i)
    of[features.features[i]] += features.weights[i];
  double product = 0;
  for (uint64_t i = features.offsets[b]; i < features.offsets[b + 1]; ++i)
    product += of[features.features[i]] * features.weights[i];
  return product;
}

size_t countOf(const ItemFeatures& features, size_t item) {
  return features.offsets[item + 1] - features.offsets[item];
}

/// Enough other items that rows of the table do not run short.
std::vector<std::string> among(std::vector<std::string> texts) {
  for (int i = 0; i < 500; ++i)
    texts.push_back("filler " + std::to_string(i / 2 * 7919) + " item " + std::to_string(i % 40));
  return texts;
}

}  // namespace

TEST_CASE("texts that share words or parts of words are alike, whatever the script") {
  const ItemFeatures features =
      textFeatures(textColumn(among({"Red wooden lamp", "wooden LAMP stand", "Cotton bath towel",
                                     "towels, cotton", "木製の椅子", "椅子カバー（木製用）",
                                     "綿のバスタオル", "バスタオル 綿100%", "강아지 사료",
                                     "강아지를 위한 사료", "고양이 모래", "고양이용 모래상자"})),
                   {});
  for (const size_t first : {0, 4, 8}) {
    CAPTURE(first);
    const double lamps = likeness(features, first, first + 1);
    const double towels = likeness(features, first + 2, first + 3);
    CHECK(lamps > 0.3);
    CHECK(towels > 0.3);
    for (const size_t a : {first, first + 1})
      for (const size_t b : {first + 2, first + 3}) CHECK(likeness(features, a, b) < 0.15);
  }
}

TEST_CASE("a text's weights have length 1 and are no more than asked for") {
  std::string longText;
  for (int i = 0; i < 300; ++i) longText += "word" + std::to_string(i * 31 % 97) + " ";
  const ItemFeatures features = textFeatures(textColumn(among({longText, longText, ""})), {});
  CHECK(countOf(features, 0) <= ItemFeatureOptions().ngramsPerText);
  CHECK(countOf(features, 0) > ItemFeatureOptions().ngramsPerText / 2);  // some share a feature
  CHECK(countOf(features, 2) == 0);
  float squares = 0;
  for (uint64_t i = features.offsets[0]; i < features.offsets[1]; ++i)
    squares += features.weights[i] * features.weights[i];
  CHECK(squares == Approx(1));
}

TEST_CASE("a rare word weighs more than a common one, and what one text alone says nothing") {
  const ItemFeatures features = textFeatures(
      textColumn({"q common", "q common", "z common", "z common", "z common", "unique other"}), {});
  CHECK(countOf(features, 5) == 0);
  CHECK(likeness(features, 0, 1) > likeness(features, 0, 2));
  CHECK(likeness(features, 0, 2) > 0);
}

TEST_CASE("the table of text features stays within its bounds") {
  ItemFeatureOptions options;
  options.textFeatures = 100;  // no power of two: 64
  const ItemFeatures features = textFeatures(textColumn(among({})), options);
  CHECK(features.featureCount == 64);
  for (const uint32_t feature : features.features) CHECK(feature < 64);
  CHECK(textFeatures(textColumn({"lamp one", "lamp two", "towel"}), {}).featureCount <= 4);
}

TEST_CASE("bytes that are not UTF-8 and endless words do no harm") {
  const std::string endless(100'000, 'a');
  const ItemFeatures features =
      textFeatures(textColumn({endless, endless, "\xff\xfe\xc3", "\xff lamp", "lamp"}), {});
  CHECK(countOf(features, 2) == 0);
  CHECK(likeness(features, 3, 4) == Approx(1));
  for (const float weight : features.weights) CHECK(std::isfinite(weight));
}
