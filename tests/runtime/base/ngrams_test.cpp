#include "runtime/base/ngrams.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace attune;

namespace {

std::vector<uint64_t> hashesOf(std::string_view text, NgramKind kind) {
  std::vector<uint64_t> hashes;
  forEachNgram(text, 1, [&](const Ngram& ngram) {
    if (ngram.kind == kind) hashes.push_back(ngram.hash);
  });
  return hashes;
}

size_t countOf(std::string_view text, NgramKind kind) { return hashesOf(text, kind).size(); }

/// How many n-grams of `a` are also of `b`.
size_t common(std::string_view a, std::string_view b, NgramKind kind) {
  const auto of = hashesOf(b, kind);
  size_t count = 0;
  for (const uint64_t hash : hashesOf(a, kind))
    count += std::find(of.begin(), of.end(), hash) != of.end();
  return count;
}

}  // namespace

TEST_CASE(
    "a text has its words, pairs of words, and 2 to 4 characters after each other in a word") {
  CHECK(countOf("red lamp", NgramKind::word) == 2);
  CHECK(countOf("red lamp", NgramKind::wordPair) == 1);
  CHECK(countOf("red lamp", NgramKind::characters) == (2 + 1) + (3 + 2 + 1));
  CHECK(countOf("lamps", NgramKind::characters) == 4 + 3 + 2);
  CHECK(common("red lamp", "lamp red", NgramKind::word) == 2);
  CHECK(common("red lamp", "lamp red", NgramKind::wordPair) == 0);
  CHECK(common("lamp", "clamps", NgramKind::characters) == 6);
}

TEST_CASE("a text without letters or digits has no n-grams") {
  for (const char* text : {"", " ", "\t\n", "... --- !?", "\u3000\u3001\u30fb", "\u2014"}) {
    CAPTURE(text);
    CHECK(countOf(text, NgramKind::word) + countOf(text, NgramKind::wordPair) +
              countOf(text, NgramKind::characters) ==
          0);
  }
}

TEST_CASE("case does not matter in Latin, Greek and Cyrillic, nor does full width") {
  const auto same = [](std::string_view a, std::string_view b) {
    CAPTURE(a, b);
    CHECK(hashesOf(a, NgramKind::word) == hashesOf(b, NgramKind::word));
    CHECK(hashesOf(a, NgramKind::characters) == hashesOf(b, NgramKind::characters));
  };
  same("Lamp ABC 19", "lamp abc 19");
  same("ÄÖÜ ÉÇ ŁÓDŹ ŞĞ", "äöü éç łódź şğ");
  same("ΟΔΥΣΣΕΥΣ Άλφα", "οδυσσευς άλφα");
  same("МОСКВА ЁЛКА", "москва ёлка");
  same("ＬＡＭＰ１２", "lamp12");
  CHECK(hashesOf("straße", NgramKind::word) != hashesOf("strasse", NgramKind::word));
}

TEST_CASE("scripts without spaces share parts of their runs") {
  CHECK(common("木製の椅子", "椅子カバー", NgramKind::characters) == 1);        // 椅子
  CHECK(common("コーヒーメーカー", "コーヒー豆", NgramKind::characters) == 6);  // コーヒー
  CHECK(common("不锈钢保温杯", "保温杯套", NgramKind::characters) == 3);  // 保温 温杯 保温杯
  CHECK(common("강아지사료", "강아지를 위한", NgramKind::characters) == 3);  // 강아 아지 강아지
  CHECK(common("กาแฟสด", "ร้านกาแฟ", NgramKind::characters) >= 6);            // กาแฟ
  CHECK(common("木製", "石鹸", NgramKind::characters) == 0);
}

TEST_CASE("a change of script ends a word") {
  CHECK(countOf("iPhone用ケース", NgramKind::word) == 2);
  CHECK(common("iPhone用ケース", "iphone 12", NgramKind::word) == 1);
}

TEST_CASE("bytes that are not UTF-8 end a word and harm nothing") {
  CHECK(hashesOf("lamp\xff\xc3", NgramKind::word) == hashesOf("lamp", NgramKind::word));
  CHECK(countOf("\xe6\x9c", NgramKind::word) == 0);
  CHECK(countOf("a\xf0\x9f\x98z", NgramKind::word) == 2);
}

TEST_CASE("n-grams' hashes are those of every machine and version") {
  // Bundles and caches made elsewhere must stay comparable.
  CHECK(hashesOf("ab", NgramKind::word) == std::vector<uint64_t>{0x554ba70c07edb2a6});
  CHECK(hashesOf("ab", NgramKind::characters) == std::vector<uint64_t>{0xe33d3ebc0071b0da});
}
