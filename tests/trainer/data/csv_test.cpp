#include "trainer/data/csv.h"

#include <lzma.h>
#include <zlib.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>

#include "tests/trainer/data/test_files.h"
#include "trainer/base/errors.h"

using namespace attune::trainer;
using Catch::Matchers::Contains;

namespace {

/// Gives at most `step` bytes a read, so that everything can fall on a block's border.
class StringSource final : public ByteSource {
 public:
  StringSource(std::string bytes, size_t step) : bytes_(std::move(bytes)), step_(step) {}
  size_t read(std::span<char> out) override {
    const size_t got = std::min({step_, out.size(), bytes_.size() - at_});
    std::memcpy(out.data(), bytes_.data() + at_, got);
    at_ += got;
    return got;
  }
  uint64_t fileBytesRead() const override { return at_; }

 private:
  std::string bytes_;
  size_t step_;
  size_t at_ = 0;
};

struct Row {
  uint64_t row;
  uint64_t offset;
  CsvDefect defect;
  std::vector<std::string> fields;
};

std::vector<Row> readAll(const std::string& bytes, size_t fields = 0, size_t step = 1 << 20) {
  CsvReader reader(std::make_unique<StringSource>(bytes, step));
  reader.expectFields(fields);
  CsvRecord record;
  std::vector<Row> rows;
  while (reader.next(record))
    rows.push_back({record.row,
                    record.byteOffset,
                    record.defect,
                    {record.fields.begin(), record.fields.end()}});
  return rows;
}

std::vector<std::string> onlyRow(const std::string& bytes) {
  const std::vector<Row> rows = readAll(bytes);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].defect == CsvDefect::none);
  return rows[0].fields;
}

using Fields = std::vector<std::string>;

std::string gzipped(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string xzPacked(const std::string& text) {
  std::string out(lzma_stream_buffer_bound(text.size()), '\0');
  size_t length = 0;
  lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, nullptr,
                          reinterpret_cast<const uint8_t*>(text.data()), text.size(),
                          reinterpret_cast<uint8_t*>(out.data()), &length, out.size());
  out.resize(length);
  return out;
}

size_t countRecords(const std::string& path) {
  CsvReader reader(openByteSource(path));
  CsvRecord record;
  size_t count = 0;
  while (reader.next(record)) ++count;
  return count;
}

}  // namespace

TEST_CASE("plain fields are split at commas, empty ones included") {
  CHECK(onlyRow("a,b,c\n") == Fields{"a", "b", "c"});
  CHECK(onlyRow("a,,") == Fields{"a", "", ""});
  CHECK(onlyRow(",") == Fields{"", ""});
  CHECK(onlyRow("\"\"") == Fields{""});
  CHECK(onlyRow(" a , b\n") == Fields{" a ", " b"});
  CHECK(onlyRow("5\" disk,x") == Fields{"5\" disk", "x"});
  CHECK(readAll("").empty());
}

TEST_CASE("quotes hide commas and line ends, in both ways of escaping") {
  CHECK(onlyRow("\"a,b\",c") == Fields{"a,b", "c"});
  CHECK(onlyRow("\"a\nb\r\nc\",d\n") == Fields{"a\nb\r\nc", "d"});
  CHECK(onlyRow(R"("say \"hi\"",x)") == Fields{"say \"hi\"", "x"});
  CHECK(onlyRow(R"("say ""hi""",x)") == Fields{"say \"hi\"", "x"});
  CHECK(onlyRow(R"("back\\slash\\",x)") == Fields{"back\\slash\\", "x"});
  CHECK(onlyRow(R"("other \n escapes stay",x)") == Fields{"other \\n escapes stay", "x"});
  CHECK(onlyRow(R"(plain \" stays,x)") == Fields{"plain \\\" stays", "x"});
  CHECK(onlyRow("\"\"\"\",x") == Fields{"\"", "x"});
}

TEST_CASE("LF, CRLF and CR end a line, also mixed, and the last line needs none") {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const auto rows = readAll("a,b" + end + "c,d" + end + "e,f");
    REQUIRE(rows.size() == 3);
    CHECK(rows[1].fields == Fields{"c", "d"});
    CHECK(rows[2].offset == 2 * (3 + end.size()));
  }
  CHECK(readAll("a\r\nb\rc\nd").size() == 4);
}

TEST_CASE("rows and byte offsets count every line, empty ones and the byte order mark too") {
  const auto rows = readAll("\xEF\xBB\xBFh,i\n\n\r\na,b\n\"x\ny\",z\nlast,1");
  REQUIRE(rows.size() == 4);
  CHECK(rows[0].fields == Fields{"h", "i"});
  CHECK((rows[0].row == 1 && rows[0].offset == 3));
  CHECK((rows[1].row == 4 && rows[1].offset == 10));
  CHECK((rows[2].row == 5 && rows[2].offset == 14));
  CHECK((rows[3].row == 6 && rows[3].offset == 22));
}

TEST_CASE("every split of the input into blocks gives the same records") {
  const std::string text =
      "\xEF\xBB\xBFh,i\r\n\"q\\\"\r\nr\",\"\"\r\nbad\"x,\"y\"z\r\n\r\n\"open,1\r\ngood,2\r\n";
  const auto whole = readAll(text, 2);
  for (size_t step = 1; step < text.size(); ++step) {
    const auto rows = readAll(text, 2, step);
    REQUIRE(rows.size() == whole.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      CHECK(rows[i].fields == whole[i].fields);
      CHECK(rows[i].defect == whole[i].defect);
      CHECK(rows[i].offset == whole[i].offset);
    }
  }
}

TEST_CASE("an open quote costs its own line only") {
  const auto rows = readAll("a,1\n\"open,2\nc,3\nd,4\n", 2);
  REQUIRE(rows.size() == 4);
  CHECK(rows[1].defect == CsvDefect::unterminatedQuote);
  CHECK(rows[2].fields == Fields{"c", "3"});
  CHECK(rows[3].row == 4);
}

TEST_CASE("a stray quote that meets a later quoted field costs its own line only") {
  const auto rows = readAll("\"open,1\n\"fine, really\",2\nc,3\n", 2);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].defect == CsvDefect::textAfterQuote);
  CHECK(rows[1].fields == Fields{"fine, really", "2"});
  const auto swallowed = readAll("\"open,1\nb,2\nc\",3,4\nd,5\n", 2);
  REQUIRE(swallowed.size() == 4);
  CHECK(swallowed[0].defect == CsvDefect::fieldCount);
  CHECK(swallowed[1].fields == Fields{"b", "2"});
  CHECK(swallowed[2].defect == CsvDefect::fieldCount);
  CHECK(swallowed[3].fields == Fields{"d", "5"});
}

TEST_CASE("ragged rows and NUL bytes are told with their field") {
  const auto rows = readAll(std::string("a\nb,2,3\n\0,1\n\"x\0y\",1\nok,1\n", 25), 2);
  REQUIRE(rows.size() == 5);
  CHECK(rows[0].defect == CsvDefect::fieldCount);
  CHECK(rows[1].defect == CsvDefect::fieldCount);
  CHECK(rows[2].defect == CsvDefect::nulByte);
  CHECK(rows[3].defect == CsvDefect::nulByte);
  CHECK(rows[4].fields == Fields{"ok", "1"});
}

TEST_CASE("a line far longer than the bound is given up in little memory") {
  for (const std::string start : {"", "\""}) {
    const std::string text =
        "a,1\n" + start + std::string(5 * CsvReader::kMaxRecordBytes, 'x') + ",2\r\nc,3\n";
    const auto rows = readAll(text, 2, 100'000);
    REQUIRE(rows.size() == 3);
    CHECK(rows[1].defect == CsvDefect::tooLong);
    CHECK(rows[2].fields == Fields{"c", "3"});
    CHECK(rows[2].offset == text.size() - 4);
    CHECK(rows[2].row == 3);
  }
}

TEST_CASE("gzip and xz are told by their bytes, whatever the name") {
  const TestFolder folder;
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "user" + std::to_string(i) + ",1\n";
  CHECK(countRecords(folder.write("a.csv", text)) == 100'000);
  CHECK(countRecords(folder.write("b.csv", gzipped(text))) == 100'000);
  CHECK(countRecords(folder.write("c.gz", xzPacked(text))) == 100'000);
  CHECK(countRecords(folder.write("d.gz", gzipped(text) + gzipped(text))) == 200'000);
  CHECK(countRecords(folder.write("e.xz", xzPacked(text) + xzPacked(text))) == 200'000);
  CHECK(countRecords(folder.write("f.gz", gzipped(text) + std::string(600, '\0'))) == 100'000);
}

TEST_CASE("packed data that is cut off or damaged is refused") {
  const TestFolder folder;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += std::to_string(i * 7919) + "\n";
  const std::string gz = gzipped(text);
  const std::string xz = xzPacked(text);
  for (const std::string& whole : {gz, xz})
    for (const size_t left : {whole.size() - 1, whole.size() / 2, size_t{13}})
      CHECK_THROWS_WITH(countRecords(folder.write("cut", whole.substr(0, left))),
                        Contains("cut off"));
  std::string damaged = gz;
  damaged[damaged.size() - 6] ^= 1;  // in the checksum
  CHECK_THROWS_WITH(countRecords(folder.write("bad.gz", damaged)), Contains("damaged"));
  damaged = xz;
  damaged[xz.size() / 2] ^= 1;
  CHECK_THROWS_WITH(countRecords(folder.write("bad.xz", damaged)), Contains("damaged"));
  CHECK_THROWS_WITH(countRecords(folder.write("tail.gz", gz + "tail")), Contains("damaged"));
}

TEST_CASE("other formats, folders and missing files are refused by name") {
  const TestFolder folder;
  CHECK_THROWS_WITH(openByteSource(folder.write("a", "PK\x03\x04rest")), Contains("zip archive"));
  CHECK_THROWS_WITH(openByteSource(folder.write("b", "\xFF\xFEU\0")), Contains("UTF-16"));
  CHECK_THROWS_WITH(openByteSource(folder.write("c", "\x28\xB5\x2F\xFDrest")), Contains("zstd"));
  CHECK_THROWS_WITH(openByteSource(folder.file("none")), Contains("No such file"));
  CHECK_THROWS_WITH(openByteSource(folder.file("")), Contains("folder"));
}
