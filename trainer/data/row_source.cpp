#include "trainer/data/row_source.h"

#include <algorithm>

#include "trainer/base/errors.h"

namespace attune::trainer {
namespace {

constexpr size_t kBatchRows = 8192;
constexpr size_t kBatchTextBytes = 1 << 20;
constexpr uint64_t kHopelessBadRows = 100'000;

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string printable(std::string_view name) {
  std::string text;
  for (const unsigned char c : name.substr(0, 60)) text += c < 0x20 || c == 0x7F ? '?' : char(c);
  return text;
}

/// Names of `from` that `in` lacks.
std::vector<std::string> lacking(const std::vector<std::string>& from,
                                 const std::vector<std::string>& in) {
  std::vector<std::string> names;
  for (const std::string& name : from)
    if (std::find(in.begin(), in.end(), name) == in.end()) names.push_back(name);
  return names;
}

void checkNames(const std::vector<std::string>& found, const std::vector<std::string>& expected,
                const std::string& where) {
  if (found == expected) return;
  const std::vector<std::string> missing = lacking(expected, found);
  const std::vector<std::string> unknown = lacking(found, expected);
  if (!missing.empty())
    throw UserError(where + "Input CSV is missing the following columns:[" + joined(missing) + "]" +
                    (unknown.empty() ? "" : "; it has instead [" + joined(unknown) + "]"));
  if (!unknown.empty())
    throw UserError(where + "Input CSV has columns that the schema has not:[" + joined(unknown) +
                    "]");
  if (found.size() > expected.size()) throw UserError(where + "a column is given twice");
  throw UserError(where + "the columns must stand in the schema's order: expected [" +
                  joined(expected) + "], found [" + joined(found) + "]");
}

}  // namespace

void checkCsvHeader(CsvReader& reader, const AvroSchema& schema, const std::string& file) {
  CsvRecord header;
  if (!reader.next(header))
    throw UserError(file + " is empty: its first line must name the schema's columns");
  const std::string where = file + ":" + std::to_string(header.row) + ": ";
  if (header.defect != CsvDefect::none)
    throw UserError(where + "the header is broken: " + csvDefectText(header.defect, 0, 0));
  std::vector<std::string> found;
  for (const std::string_view name : header.fields) found.push_back(printable(name));
  std::vector<std::string> expected;
  for (const SchemaField& field : schema.fields) expected.push_back(field.name);
  checkNames(found, expected, where);
  reader.expectFields(expected.size());
}

RowSource::RowSource(const AvroSchema& schema, std::vector<std::string> files, int64_t nowSeconds,
                     Quarantine& quarantine)
    : schema_(schema),
      files_(std::move(files)),
      quarantine_(quarantine),
      parser_(schema, nowSeconds) {}

std::optional<RowBatch> RowSource::next() {
  RowBatch batch(schema_.fields.size());
  while (batch.rowCount() < kBatchRows && batch.textBytes() < kBatchTextBytes)
    if (!readRow(batch)) break;
  const uint64_t current = reader_ ? reader_->fileBytesRead() : 0;
  fileBytesRead_.store(finishedFileBytes_ + current, std::memory_order_relaxed);
  counts_.textsCut = parser_.textsCut();
  if (batch.rowCount() == 0) return std::nullopt;
  return batch;
}

/// False at the end of the last file.
bool RowSource::readRow(RowBatch& batch) {
  while (!reader_ || !reader_->next(record_)) {
    if (reader_) finishedFileBytes_ += reader_->fileBytesRead();
    reader_.reset();
    if (fileIndex_ == files_.size()) return false;
    openNextFile();
  }
  ++counts_.rowsRead;
  parseRecord(batch);
  return true;
}

void RowSource::openNextFile() {
  const std::string& file = files_[fileIndex_++];
  reader_ = std::make_unique<CsvReader>(openByteSource(file));
  checkCsvHeader(*reader_, schema_, file);
}

void RowSource::parseRecord(RowBatch& batch) {
  const size_t fieldCount = schema_.fields.size();
  if (record_.defect != CsvDefect::none)
    return refuse(std::min(record_.defectField, fieldCount - 1),
                  csvDefectText(record_.defect, record_.fields.size(), fieldCount));
  if (auto defect = parser_.parse(record_.fields))
    return refuse(defect->field, std::move(defect->reason));
  batch.append(parser_.values());
}

void RowSource::refuse(size_t field, std::string reason) {
  ++counts_.rowsBad;
  quarantine_.add({files_[fileIndex_ - 1], record_.row, record_.byteOffset,
                   schema_.fields[field].name, std::move(reason), record_.raw});
  if (counts_.rowsBad >= kHopelessBadRows && counts_.rowsBad * 2 > counts_.rowsRead)
    throw UserError("most rows are bad (" + std::to_string(counts_.rowsBad) + " of the first " +
                    std::to_string(counts_.rowsRead) + "; first " + quarantine_.first() +
                    "): given up; is this the right schema?");
}

}  // namespace attune::trainer
