#include "trainer/server/inflate.h"

#include <zlib.h>

#include <algorithm>

#include "trainer/server/http.h"

namespace attune::trainer {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;
constexpr size_t kFirstBytes = 16 * 1024;

class Inflater {
 public:
  Inflater() {
    if (::inflateInit2(&stream_, kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { ::inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
};

[[noreturn]] void tooLong(size_t maxBytes) {
  throw ApiError(
      413, "RequestEntityTooLargeException",
      "the request's body is longer than " + std::to_string(maxBytes) + " bytes after inflating");
}

}  // namespace

std::string inflateGzip(std::string_view bytes, size_t maxBytes) {
  Inflater inflater;
  z_stream& stream = inflater.stream();
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  int code = Z_OK;
  while (code == Z_OK) {
    const size_t done = out.size();
    if (done > maxBytes) tooLong(maxBytes);
    out.resize(std::min(maxBytes + 1, std::max(kFirstBytes, 2 * done)));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + done);
    stream.avail_out = static_cast<uInt>(out.size() - done);
    code = ::inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (code == Z_OK && stream.avail_in == 0 && stream.avail_out > 0) break;  // cut off
  }
  if (code != Z_STREAM_END || stream.avail_in > 0)
    throw invalidInput("the request's body is not gzip, though Content-Encoding says so");
  if (out.size() > maxBytes) tooLong(maxBytes);
  return out;
}

}  // namespace attune::trainer
