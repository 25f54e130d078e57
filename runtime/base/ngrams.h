#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// Parts of texts as numbers, for languages with and without spaces. Integers alone, no locale and
// no allocation, so a text has the same parts everywhere.

namespace attune {

enum class NgramKind : uint8_t {
  word,        ///< a run of letters and digits, or of a script that puts no spaces
  wordPair,    ///< two runs after each other
  characters,  ///< 2 to 4 code points after each other within a run
};

struct Ngram {
  uint64_t hash = 0;  ///< of the kind and the code points, case folded
  NgramKind kind = NgramKind::word;
};

/// The code point at text[at], moving `at` behind it. A byte that starts no well-formed sequence is
/// U+FFFD alone. REQUIRES: at < text.size()
char32_t readCodePoint(std::string_view text, size_t& at);

/// Lower case of Latin (ASCII, Latin-1, Extended-A), Greek and Cyrillic letters, and ordinary forms
/// of full-width ASCII; everything else as it is.
char32_t foldCase(char32_t character);

enum class CharacterClass : uint8_t {
  separator,  ///< spaces, punctuation, symbols
  spaced,     ///< of scripts that put spaces between words
  unspaced,   ///< Han, Kana, Hangul, Thai, Lao, Khmer, Myanmar: parts of runs are words
};
CharacterClass classOf(char32_t character);

/// Calls emit(Ngram) for each n-gram of a UTF-8 text, in the order of their ends; repeated ones
/// come again.
template <class Emit>
void forEachNgram(std::string_view text, uint64_t seed, Emit emit);

namespace ngrams {

constexpr size_t kLongest = 4;

/// One step of a hash over code points (the mixing of SplitMix64, Steele et al. 2014).
constexpr uint64_t mixed(uint64_t hash, uint64_t next) {
  hash = (hash ^ next) + 0x9e3779b97f4a7c15u;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
  return hash ^ (hash >> 31);
}

/// The run being read.
class Run {
 public:
  explicit Run(uint64_t seed) : seed_(seed) {}

  template <class Emit>
  void add(char32_t character, Emit& emit) {
    for (size_t i = kLongest - 1; i > 0; --i) last_[i] = last_[i - 1];
    last_[0] = character;
    word_ = mixed(length_++ == 0 ? start(NgramKind::word) : word_, character);
    uint64_t hash = mixed(start(NgramKind::characters), character);
    for (size_t n = 2; n <= kLongest && n <= length_; ++n)
      emit(Ngram{hash = mixed(hash, last_[n - 1]), NgramKind::characters});
  }

  template <class Emit>
  void end(Emit& emit) {
    if (length_ == 0) return;
    emit(Ngram{word_, NgramKind::word});
    if (hasPrevious_)
      emit(Ngram{mixed(mixed(start(NgramKind::wordPair), previous_), word_), NgramKind::wordPair});
    previous_ = word_;
    hasPrevious_ = true;
    length_ = 0;
  }

 private:
  uint64_t start(NgramKind kind) const { return mixed(seed_, static_cast<uint64_t>(kind)); }

  uint64_t seed_;
  uint64_t word_ = 0, previous_ = 0;
  char32_t last_[kLongest] = {};  // the newest first
  size_t length_ = 0;
  bool hasPrevious_ = false;
};

}  // namespace ngrams

template <class Emit>
void forEachNgram(std::string_view text, uint64_t seed, Emit emit) {
  ngrams::Run run(seed);
  CharacterClass before = CharacterClass::separator;
  for (size_t at = 0; at < text.size();) {
    const char32_t character = foldCase(readCodePoint(text, at));
    const CharacterClass now = classOf(character);
    if (now != before) run.end(emit);
    if (now != CharacterClass::separator) run.add(character, emit);
    before = now;
  }
  run.end(emit);
}

}  // namespace attune
