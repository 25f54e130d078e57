#include "trainer/data/csv.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace attune::trainer {
namespace {

constexpr size_t kReadBytes = 1 << 18;

constexpr std::array<bool, 256> plainStops() {
  std::array<bool, 256> stops{};
  for (unsigned char c : {',', '\n', '\r', '\0'}) stops[c] = true;
  return stops;
}
constexpr std::array<bool, 256> quotedStops() {
  std::array<bool, 256> stops{};
  for (unsigned char c : {'"', '\\', '\n', '\r', '\0'}) stops[c] = true;
  return stops;
}
constexpr auto kPlainStops = plainStops();
constexpr auto kQuotedStops = quotedStops();

/// The first byte of [p, end) that stops the scan, or end.
const char* findStop(const char* p, const char* end, const std::array<bool, 256>& stops) {
  while (p < end && !stops[static_cast<unsigned char>(*p)]) ++p;
  return p;
}

}  // namespace

CsvReader::CsvReader(std::unique_ptr<ByteSource> source)
    : source_(std::move(source)), buffer_(2 * kReadBytes) {}

/// True when byte `at` of the current record exists; reads on when it is not in the buffer yet.
bool CsvReader::has(size_t at) {
  while (begin_ + at >= end_) {
    if (sourceEnded_) return false;
    fill();
  }
  return true;
}

void CsvReader::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), start(), end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < kReadBytes) buffer_.resize(buffer_.size() + kReadBytes);
  const size_t got = source_->read({buffer_.data() + end_, kReadBytes});
  end_ += got;
  sourceEnded_ = got == 0;
}

bool CsvReader::next(CsvRecord& record) {
  begin_ += consumed_;
  offset_ += consumed_;
  consumed_ = 0;
  if (row_ == 0) skipByteOrderMark();
  if (!skipEmptyLines()) return false;
  record.row = ++row_;
  record.byteOffset = offset_;
  record.defect = CsvDefect::none;
  record.defectField = 0;
  scanRecord(record);
  return true;
}

void CsvReader::skipByteOrderMark() {
  if (!has(2) || std::memcmp(start(), "\xEF\xBB\xBF", 3) != 0) return;
  begin_ += 3;
  offset_ += 3;
}

bool CsvReader::skipEmptyLines() {
  size_t length = 0;
  while (has(0)) {
    if (!lineEndsAt(0, length)) return true;
    begin_ += length;
    offset_ += length;
    ++row_;
  }
  return false;
}

/// True when a line end begins at byte `at` of the record; `length` is then 1, or 2 for CRLF.
bool CsvReader::lineEndsAt(size_t at, size_t& length) {
  const char c = start()[at];
  if (c != '\n' && c != '\r') return false;
  length = c == '\r' && has(at + 1) && start()[at + 1] == '\n' ? 2 : 1;
  return true;
}

void CsvReader::scanRecord(CsvRecord& record) {
  slices_.clear();
  at_ = 0;
  hasLineBreak_ = false;
  while (scanField(record)) ++at_;  // over the comma
  const size_t length = at_;
  size_t lineEnd = 0;
  if (has(at_)) lineEndsAt(at_, lineEnd);
  checkFieldCount(record);
  const bool quotingBroken = record.defect == CsvDefect::unterminatedQuote ||
                             record.defect == CsvDefect::textAfterQuote ||
                             record.defect == CsvDefect::tooLong;
  const bool misread = record.defect == CsvDefect::fieldCount && hasLineBreak_;
  record.raw = {start(), length};
  consumed_ = length + lineEnd;
  if (quotingBroken || misread) giveUpFirstLine(record);
  resolveFields(record);
}

/// Scans one field; true when a comma, and so another field, follows.
bool CsvReader::scanField(CsvRecord& record) {
  slices_.push_back({at_, 0, false});
  const bool quoted = has(at_) && start()[at_] == '"';
  return quoted ? scanQuoted(record) : scanPlain(record);
}

bool CsvReader::scanPlain(CsvRecord& record) {
  while (has(at_)) {
    const char* stop = findStop(start() + at_, buffer_.data() + end_, kPlainStops);
    at_ = static_cast<size_t>(stop - start());
    if (at_ > kMaxRecordBytes) {
      noteDefect(record, CsvDefect::tooLong);
      return false;
    }
    if (begin_ + at_ == end_) continue;
    if (*stop != '\0') break;
    noteDefect(record, CsvDefect::nulByte);
    ++at_;
  }
  slices_.back().length = at_ - slices_.back().begin;
  return has(at_) && start()[at_] == ',';
}

bool CsvReader::scanQuoted(CsvRecord& record) {
  Slice& slice = slices_.back();
  slice.begin = ++at_;
  for (;;) {
    if (!has(at_) || at_ > kMaxRecordBytes) {
      record.defect = CsvDefect::none;  // a NUL byte inside is the lesser fault
      noteDefect(record, CsvDefect::unterminatedQuote);
      return false;
    }
    const char* stop = findStop(start() + at_, buffer_.data() + end_, kQuotedStops);
    at_ = static_cast<size_t>(stop - start());
    if (begin_ + at_ == end_) continue;
    const char c = *stop;
    if (c == '\0') noteDefect(record, CsvDefect::nulByte);
    if (c == '\n' || c == '\r') hasLineBreak_ = true;
    const bool pair =
        has(at_ + 1) && (start()[at_ + 1] == '"' || (c == '\\' && start()[at_ + 1] == '\\'));
    const bool escapes = pair && (c == '\\' || c == '"');
    if (c == '"' && !escapes) break;
    slice.escaped |= escapes;
    at_ += escapes ? 2 : 1;
  }
  slice.length = at_++ - slice.begin;
  if (!has(at_)) return false;
  size_t lineEnd = 0;
  if (start()[at_] == ',') return true;
  if (!lineEndsAt(at_, lineEnd)) {
    record.defect = CsvDefect::none;
    noteDefect(record, CsvDefect::textAfterQuote);
  }
  return false;
}

void CsvReader::noteDefect(CsvRecord& record, CsvDefect defect) {
  if (record.defect != CsvDefect::none) return;
  record.defect = defect;
  record.defectField = slices_.size() - 1;
}

void CsvReader::checkFieldCount(CsvRecord& record) {
  if (expectedFields_ == 0 || record.defect != CsvDefect::none || slices_.size() == expectedFields_)
    return;
  record.defect = CsvDefect::fieldCount;
  record.defectField = std::min(slices_.size(), expectedFields_ - 1);
}

/// The record ends with its first line, wherever its quotes led.
void CsvReader::giveUpFirstLine(CsvRecord& record) {
  size_t at = 0;
  size_t lineEnd = 0;
  while (at <= kMaxRecordBytes && has(at) && !lineEndsAt(at, lineEnd)) ++at;
  if (lineEnd == 0 && has(at)) return skipLongLine(record);
  record.raw = {start(), at};
  consumed_ = at + lineEnd;
}

/// Drops the bytes of a line too long to hold, block by block.
void CsvReader::skipLongLine(CsvRecord& record) {
  record.defect = CsvDefect::tooLong;
  longLineStart_.assign(start(), kExcerptBytes);
  record.raw = longLineStart_;
  consumed_ = 0;
  while (has(0) && !lineEndsAt(0, consumed_)) {
    const char* end = buffer_.data() + end_;
    const auto isEnd = [](char c) { return c == '\n' || c == '\r'; };
    const auto length = static_cast<size_t>(std::find_if(start(), end, isEnd) - start());
    begin_ += length;
    offset_ += length;
  }
}

void CsvReader::resolveFields(CsvRecord& record) {
  record.fields.clear();
  if (record.defect != CsvDefect::none && record.defect != CsvDefect::fieldCount) return;
  unescaped_.clear();
  unescaped_.reserve(at_);  // views into it must not move
  for (const Slice& slice : slices_)
    record.fields.push_back(slice.escaped ? unescape(slice)
                                          : std::string_view(start() + slice.begin, slice.length));
}

std::string_view CsvReader::unescape(const Slice& slice) {
  const size_t from = unescaped_.size();
  const char* p = start() + slice.begin;
  const char* end = p + slice.length;
  for (; p < end; ++p) {
    const bool pair = p + 1 < end && (p[1] == '"' || (*p == '\\' && p[1] == '\\'));
    if (pair && (*p == '\\' || *p == '"')) ++p;
    unescaped_ += *p;
  }
  return std::string_view(unescaped_).substr(from);
}

std::string csvDefectText(CsvDefect defect, size_t fieldsFound, size_t fieldsExpected) {
  switch (defect) {
    case CsvDefect::none:
      return "";
    case CsvDefect::unterminatedQuote:
      return "the quote is never closed";
    case CsvDefect::textAfterQuote:
      return "text after the closing quote (write a quote inside quotes as \\\")";
    case CsvDefect::nulByte:
      return "NUL byte";
    case CsvDefect::tooLong:
      return "the row is longer than 1 MiB";
    case CsvDefect::fieldCount:
      return std::to_string(fieldsFound) + " fields instead of " + std::to_string(fieldsExpected);
  }
  return "";
}

}  // namespace attune::trainer
