#include "runtime/base/utf8.h"

#include <catch2/catch.hpp>
#include <string>

using attune::isUtf8;

TEST_CASE("text of every length of code point is UTF-8") {
  CHECK(isUtf8(""));
  CHECK(isUtf8("plain"));
  CHECK(isUtf8("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x8E\xAC"));
  CHECK(isUtf8(std::string_view("\0", 1)));
}

TEST_CASE("overlong forms, surrogates, large numbers and cut-off text are not UTF-8") {
  for (const char* text : {"\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80",
                           "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF",
                           "\xC3", "\xE2\x82", "\xF0\x9F\x8E", "\xC3(", "\xE2(\xA1"})
    CHECK_FALSE(isUtf8(text));
}

TEST_CASE("a mistake is found wherever it lies among plain letters") {
  for (size_t at = 0; at < 40; ++at) {
    std::string text(40, 'x');
    CHECK(isUtf8(text));
    text[at] = '\xFF';
    CHECK_FALSE(isUtf8(text));
  }
}
