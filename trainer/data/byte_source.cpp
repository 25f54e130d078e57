#include "trainer/data/byte_source.h"

#include <fcntl.h>
#include <lzma.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"

namespace attune::trainer {
namespace {

constexpr size_t kBlockBytes = 1 << 18;
constexpr uint64_t kXzMemoryBytes = 256u << 20;  // xz -9 needs 65 MiB

/// The file as it is, and a look at its first bytes.
class PlainSource final : public ByteSource {
 public:
  explicit PlainSource(std::string path) : path_(std::move(path)) {
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail(systemErrorText(errno));
    struct stat status {};
    if (::fstat(descriptor_, &status) == 0 && S_ISDIR(status.st_mode)) {
      ::close(descriptor_);
      fail("it is a folder");
    }
  }
  ~PlainSource() override { ::close(descriptor_); }

  /// The first bytes, at most `front_`'s size; they are read again by read().
  std::string_view peek() {
    while (frontEnd_ < front_.size()) {
      const size_t got = readSystem(std::span(front_).subspan(frontEnd_));
      if (got == 0) break;
      frontEnd_ += got;
    }
    return {front_.data(), frontEnd_};
  }

  size_t read(std::span<char> out) override {
    size_t got = std::min(out.size(), frontEnd_ - frontAt_);
    if (got > 0) {
      std::memcpy(out.data(), front_.data() + frontAt_, got);
      frontAt_ += got;
    } else {
      got = readSystem(out);
    }
    bytesRead_ += got;
    return got;
  }

  uint64_t fileBytesRead() const override { return bytesRead_; }
  const std::string& path() const { return path_; }

 private:
  size_t readSystem(std::span<char> out) {
    for (;;) {
      const ssize_t got = ::read(descriptor_, out.data(), out.size());
      if (got >= 0) return static_cast<size_t>(got);
      if (errno != EINTR) fail(systemErrorText(errno));
    }
  }
  [[noreturn]] void fail(const std::string& why) const {
    throw UserError("cannot read " + path_ + ": " + why);
  }

  std::string path_;
  int descriptor_ = -1;
  std::array<char, 8> front_{};
  size_t frontAt_ = 0;
  size_t frontEnd_ = 0;
  uint64_t bytesRead_ = 0;
};

/// What gzip and xz have in common: packed input by the block, and the two ways to fail.
class PackedSource : public ByteSource {
 public:
  PackedSource(std::unique_ptr<PlainSource> file, std::string format)
      : file_(std::move(file)), format_(std::move(format)), input_(kBlockBytes) {}
  uint64_t fileBytesRead() const override { return file_->fileBytesRead(); }

 protected:
  std::span<char> nextInput() { return {input_.data(), file_->read(input_)}; }
  [[noreturn]] void failCutOff() const {
    fail("the data ends too early after " + std::to_string(fileBytesRead()) +
         " bytes: the file is cut off; copy it again");
  }
  [[noreturn]] void failDamaged(uint64_t unreadBytes) const {
    fail("the data is damaged near byte " + std::to_string(fileBytesRead() - unreadBytes) +
         ": copy the file again");
  }
  [[noreturn]] void fail(const std::string& why) const {
    throw UserError("cannot unpack " + file_->path() + " (" + format_ + "): " + why);
  }

 private:
  std::unique_ptr<PlainSource> file_;
  std::string format_;
  std::vector<char> input_;
};

class GzipSource final : public PackedSource {
 public:
  explicit GzipSource(std::unique_ptr<PlainSource> file) : PackedSource(std::move(file), "gzip") {
    constexpr int kGzipOnly = 15 + 16;
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) fail("out of memory");
  }
  ~GzipSource() override { inflateEnd(&stream_); }

  size_t read(std::span<char> out) override {
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    while (stream_.avail_out == out.size() && !atEnd_) step();
    return out.size() - stream_.avail_out;
  }

 private:
  void step() {
    if (stream_.avail_in == 0) refill();
    if (atEnd_) return;
    if (memberEnded_) beginMember();
    if (atEnd_) return;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    if (code == Z_STREAM_END)
      memberEnded_ = true;
    else if (code != Z_OK && code != Z_BUF_ERROR)
      failDamaged(stream_.avail_in);
  }
  void refill() {
    const std::span<char> input = nextInput();
    stream_.next_in = reinterpret_cast<Bytef*>(input.data());
    stream_.avail_in = static_cast<uInt>(input.size());
    if (!input.empty()) return;
    if (!memberEnded_) failCutOff();
    atEnd_ = true;
  }
  /// Members may follow each other; zeros may fill the end up to a tape block.
  void beginMember() {
    while (stream_.avail_in > 0 && *stream_.next_in == 0) {
      ++stream_.next_in;
      --stream_.avail_in;
    }
    if (stream_.avail_in == 0) return;
    inflateReset(&stream_);
    memberEnded_ = false;
  }

  z_stream stream_{};
  bool memberEnded_ = false;
  bool atEnd_ = false;
};

class XzSource final : public PackedSource {
 public:
  explicit XzSource(std::unique_ptr<PlainSource> file) : PackedSource(std::move(file), "xz") {
    if (lzma_stream_decoder(&stream_, kXzMemoryBytes, LZMA_CONCATENATED) != LZMA_OK)
      fail("out of memory");
  }
  ~XzSource() override { lzma_end(&stream_); }

  size_t read(std::span<char> out) override {
    stream_.next_out = reinterpret_cast<uint8_t*>(out.data());
    stream_.avail_out = out.size();
    while (stream_.avail_out == out.size() && !atEnd_) step();
    return out.size() - stream_.avail_out;
  }

 private:
  void step() {
    if (stream_.avail_in == 0 && !inputEnded_) {
      const std::span<char> input = nextInput();
      stream_.next_in = reinterpret_cast<const uint8_t*>(input.data());
      stream_.avail_in = input.size();
      inputEnded_ = input.empty();
    }
    const lzma_ret code = lzma_code(&stream_, inputEnded_ ? LZMA_FINISH : LZMA_RUN);
    if (code == LZMA_STREAM_END)
      atEnd_ = true;
    else if (code == LZMA_BUF_ERROR)
      failCutOff();
    else if (code == LZMA_MEMLIMIT_ERROR)
      fail("unpacking it needs more than 256 MiB of memory: pack it with xz -9 or less");
    else if (code != LZMA_OK)
      failDamaged(stream_.avail_in);
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool inputEnded_ = false;
  bool atEnd_ = false;
};

struct ForeignFormat {
  std::string_view magic;
  std::string_view name;
};
constexpr std::array<ForeignFormat, 6> kForeignFormats{{
    {"PK\x03\x04", "a zip archive: unpack it first"},
    {"\x28\xB5\x2F\xFD", "zstd-packed: unpack it, or pack it with gzip or xz"},
    {"BZh", "bzip2-packed: unpack it, or pack it with gzip or xz"},
    {"PAR1", "a Parquet file: write it as CSV"},
    {"\xFF\xFE", "UTF-16 text: save it as UTF-8"},
    {"\xFE\xFF", "UTF-16 text: save it as UTF-8"},
}};

}  // namespace

std::unique_ptr<ByteSource> openByteSource(const std::string& path) {
  auto file = std::make_unique<PlainSource>(path);
  const std::string_view front = file->peek();
  if (front.starts_with("\x1F\x8B")) return std::make_unique<GzipSource>(std::move(file));
  if (front.starts_with(std::string_view("\xFD"
                                         "7zXZ\0",
                                         6)))
    return std::make_unique<XzSource>(std::move(file));
  for (const ForeignFormat& foreign : kForeignFormats)
    if (front.starts_with(foreign.magic))
      throw UserError(path + " is not CSV but " + std::string(foreign.name));
  return file;
}

uint64_t regularFileBytes(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return 0;
  return static_cast<uint64_t>(status.st_size);
}

bool isPipe(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

}  // namespace attune::trainer
