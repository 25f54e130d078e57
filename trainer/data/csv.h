#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "trainer/data/byte_source.h"

// The CSV that Amazon Personalize reads, and what spreadsheets and databases write:
//   record   = field *("," field) (LF / CRLF / CR / end of file)
//   field    = plain / '"' quoted '"'
//   plain    = any bytes but , CR LF; a quote that does not begin the field is a letter like others
//   quoted   = any bytes; \" and "" mean one quote, \\ means one backslash
// An empty field, quoted or not, is null. A UTF-8 byte order mark before the header is skipped.
// Lines without any byte are skipped, but counted.

namespace attune::trainer {

/// Why a record could not be split into its fields.
enum class CsvDefect : uint8_t {
  none,
  unterminatedQuote,  ///< the quote is still open at the end of the file or of kMaxRecordBytes
  textAfterQuote,     ///< `"a"b,`
  nulByte,
  tooLong,     ///< longer than kMaxRecordBytes
  fieldCount,  ///< more or fewer fields than the header
};

struct CsvRecord {
  uint64_t row = 0;         ///< 1 = the header; counts broken records and empty lines too
  uint64_t byteOffset = 0;  ///< of its first byte in the unpacked file
  CsvDefect defect = CsvDefect::none;
  size_t defectField = 0;                ///< 0-based field where the defect was met
  std::vector<std::string_view> fields;  ///< unescaped; valid until the next record is read
  std::string_view raw;                  ///< the bytes as they stand; for tooLong their beginning
};

/// Splits a file into records, one at a time, in bounded memory.
///
/// A broken record costs as little as can be. After a defect of quoting, or a wrong number of
/// fields in a record that spans lines, only its first line is given up and reading goes on at the
/// second: a stray quote does not swallow the good rows below it. For one thread.
class CsvReader {
 public:
  static constexpr size_t kMaxRecordBytes = 1 << 20;
  static constexpr size_t kExcerptBytes = 200;  ///< kept of a line that is too long

  explicit CsvReader(std::unique_ptr<ByteSource> source);

  /// Reads the next record; false at the end of the file.
  bool next(CsvRecord& record);
  /// From now on a record must have `count` fields; 0 = any number.
  void expectFields(size_t count) { expectedFields_ = count; }
  uint64_t fileBytesRead() const { return source_->fileBytesRead(); }

 private:
  struct Slice {
    size_t begin = 0;  // relative to the start of the record
    size_t length = 0;
    bool escaped = false;
  };

  bool has(size_t at);
  void fill();
  bool skipEmptyLines();
  void skipByteOrderMark();
  bool lineEndsAt(size_t at, size_t& length);
  void scanRecord(CsvRecord& record);
  bool scanField(CsvRecord& record);
  bool scanQuoted(CsvRecord& record);
  bool scanPlain(CsvRecord& record);
  void noteDefect(CsvRecord& record, CsvDefect defect);
  void checkFieldCount(CsvRecord& record);
  void giveUpFirstLine(CsvRecord& record);
  void skipLongLine(CsvRecord& record);
  void resolveFields(CsvRecord& record);
  std::string_view unescape(const Slice& slice);

  const char* start() const { return buffer_.data() + begin_; }

  std::unique_ptr<ByteSource> source_;
  std::vector<char> buffer_;
  size_t begin_ = 0;  // of the current record in buffer_
  size_t end_ = 0;    // of the bytes in buffer_
  bool sourceEnded_ = false;
  uint64_t offset_ = 0;  // of begin_ in the unpacked file
  uint64_t row_ = 0;
  size_t at_ = 0;  // how far the current record is scanned, relative to begin_
  bool hasLineBreak_ = false;
  size_t expectedFields_ = 0;
  size_t consumed_ = 0;  // of the last record, still in the buffer for its views
  std::vector<Slice> slices_;
  std::string unescaped_;
  std::string longLineStart_;
};

/// The defect in words, for example `text after the closing quote`.
std::string csvDefectText(CsvDefect defect, size_t fieldsFound, size_t fieldsExpected);

}  // namespace attune::trainer
