#include "trainer/recipes/text_features.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string_view>

#include "runtime/base/math.h"
#include "runtime/base/ngrams.h"

namespace attune::trainer {
namespace {

constexpr uint64_t kSeed = 0x6e6772616d73;  // of no meaning; fixed, so that features are
constexpr size_t kMostCounters = size_t{1} << 24;
/// What parts of words weigh beside words, where a script has spaces.
constexpr float kCharacters = 0.35f;

struct WeighedNgram {
  uint64_t hash = 0;
  float weight = 0;
};

/// The different n-grams of a text, by hash, with the weight of their kind and number: a word said
/// four times counts twice.
std::vector<WeighedNgram> ngramsOf(std::string_view text) {
  std::vector<WeighedNgram> all;
  forEachNgram(text, kSeed, [&](const Ngram& ngram) {
    all.push_back({ngram.hash, ngram.kind == NgramKind::characters ? kCharacters : 1.0f});
  });
  std::sort(all.begin(), all.end(),
            [](const WeighedNgram& a, const WeighedNgram& b) { return a.hash < b.hash; });
  size_t kept = 0;
  for (size_t i = 0, next; i < all.size(); i = next) {
    for (next = i; next < all.size() && all[next].hash == all[i].hash;) ++next;
    all[kept++] = {all[i].hash, all[i].weight * std::sqrt(static_cast<float>(next - i))};
  }
  all.resize(kept);
  return all;
}

/// In how many texts an n-gram occurs, or a little more: n-grams may share a counter.
class TextCounts {
 public:
  explicit TextCounts(const std::vector<std::string>& texts) : texts_(texts.size()) {
    size_t bytes = 0;
    for (const std::string& text : texts) bytes += text.size();
    counters_.resize(std::clamp(std::bit_ceil(16 * bytes + 1), size_t{1024}, kMostCounters));
    for (const std::string& text : texts)
      for (const WeighedNgram& ngram : ngramsOf(text)) ++counters_[place(ngram.hash)];
  }

  /// log(texts / texts with it); 0 for what occurs in one text alone.
  float rarity(uint64_t hash) const {
    const uint32_t count = counters_[place(hash)];
    if (count < 2) return 0;
    return std::max(0.0f, logOf(static_cast<float>(texts_) / static_cast<float>(count)));
  }

  /// How many n-grams there are that occur in several texts, but not all.
  size_t useful() const {
    return static_cast<size_t>(
        std::count_if(counters_.begin(), counters_.end(),
                      [&](uint32_t count) { return count >= 2 && count < texts_; }));
  }

 private:
  size_t place(uint64_t hash) const { return (hash >> 20) & (counters_.size() - 1); }

  size_t texts_;
  std::vector<uint32_t> counters_;  // a power of two
};

/// The strongest n-grams of a text.
std::vector<WeighedNgram> strongest(std::string_view text, const TextCounts& counts, size_t most) {
  std::vector<WeighedNgram> ngrams = ngramsOf(text);
  for (WeighedNgram& ngram : ngrams) ngram.weight *= counts.rarity(ngram.hash);
  std::erase_if(ngrams, [](const WeighedNgram& ngram) { return ngram.weight <= 0; });
  const auto stronger = [](const WeighedNgram& a, const WeighedNgram& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.hash < b.hash;
  };
  std::sort(ngrams.begin(), ngrams.end(), stronger);
  ngrams.resize(std::min(ngrams.size(), most));
  return ngrams;
}

/// Appends one item: its n-grams' features, ascending, those of one feature added up, 1 long in
/// all.
void append(std::vector<WeighedNgram> ngrams, ItemFeatures& features) {
  const auto featureOf = [&](const WeighedNgram& ngram) {
    return static_cast<uint32_t>(ngram.hash & (features.featureCount - 1));
  };
  std::stable_sort(ngrams.begin(), ngrams.end(),
                   [&](const auto& a, const auto& b) { return featureOf(a) < featureOf(b); });
  const size_t first = features.features.size();
  for (const WeighedNgram& ngram : ngrams) {
    if (features.features.size() == first || features.features.back() != featureOf(ngram)) {
      features.features.push_back(featureOf(ngram));
      features.weights.push_back(0);
    }
    features.weights.back() += ngram.weight;
  }
  float squares = 0;
  for (size_t i = first; i < features.weights.size(); ++i)
    squares += features.weights[i] * features.weights[i];
  for (size_t i = first; i < features.weights.size(); ++i)
    features.weights[i] /= std::sqrt(squares);
  features.offsets.push_back(features.features.size());
}

}  // namespace

ItemFeatures textFeatures(const Column& column, const ItemFeatureOptions& options) {
  const TextCounts counts(column.texts);
  const size_t useful = counts.useful();
  if (useful == 0) return {};
  ItemFeatures features;
  features.featureCount = std::min({std::bit_ceil(useful), std::bit_ceil(column.texts.size()),
                                    std::bit_floor(options.textFeatures)});
  features.offsets.push_back(0);
  for (const std::string& text : column.texts)
    append(strongest(text, counts, options.ngramsPerText), features);
  return features;
}

}  // namespace attune::trainer
