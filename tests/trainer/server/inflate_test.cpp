#include "trainer/server/inflate.h"

#include <zlib.h>

#include <catch2/catch.hpp>

#include "trainer/server/http.h"

using namespace attune::trainer;  // NOLINT: tests
using Catch::Matchers::Contains;

namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  REQUIRE(::deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(::deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(::deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

}  // namespace

TEST_CASE("gzip is inflated up to the limit and not a byte further") {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{20'000}, size_t{99'999}, size_t{100'000}})
    CHECK(inflateGzip(gzip(std::string(size, 'x')), 100'000) == std::string(size, 'x'));
  for (const size_t size : {size_t{100'001}, size_t{50'000'000}})
    CHECK_THROWS_WITH(inflateGzip(gzip(std::string(size, 'x')), 100'000),
                      Contains("longer than 100000 bytes after inflating"));
}

TEST_CASE("what is no whole gzip is refused") {
  const std::string good = gzip("hello, hello, hello");
  std::string broken = good;
  broken[good.size() / 2] ^= 0x55;
  for (const std::string& bad : {std::string(), std::string("plain"),
                                 good.substr(0, good.size() - 1), good + "x", good + good, broken})
    CHECK_THROWS_WITH(inflateGzip(bad, 1000), Contains("is not gzip"));
}
