#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "trainer/data/csv.h"
#include "trainer/data/quarantine.h"
#include "trainer/data/row_parser.h"

namespace attune::trainer {

/// What reading the files came to.
struct ReadCounts {
  uint64_t rowsRead = 0;  ///< without headers and empty lines
  uint64_t rowsBad = 0;
  uint64_t textsCut = 0;  ///< textual values longer than Personalize reads
};

/// Reads CSV files of one schema into batches of good rows; bad rows go to the quarantine. For one
/// thread; fileBytesRead() may be asked from another.
class RowSource {
 public:
  RowSource(const AvroSchema& schema, std::vector<std::string> files, int64_t nowSeconds,
            Quarantine& quarantine);

  /// The next rows; nothing at the end. Throws UserError when a file cannot be read, its header is
  /// not the schema's, or almost everything in it is bad.
  std::optional<RowBatch> next();
  const ReadCounts& counts() const { return counts_; }
  uint64_t fileBytesRead() const { return fileBytesRead_.load(std::memory_order_relaxed); }

 private:
  void openNextFile();
  bool readRow(RowBatch& batch);
  void parseRecord(RowBatch& batch);
  void refuse(size_t field, std::string reason);

  const AvroSchema& schema_;
  std::vector<std::string> files_;
  Quarantine& quarantine_;
  RowParser parser_;
  size_t fileIndex_ = 0;
  std::unique_ptr<CsvReader> reader_;
  CsvRecord record_;
  ReadCounts counts_;
  uint64_t finishedFileBytes_ = 0;
  std::atomic<uint64_t> fileBytesRead_ = 0;
};

/// Reads the first record of a file and throws UserError, in Personalize's words, unless it is
/// exactly the schema's names in the schema's order.
void checkCsvHeader(CsvReader& reader, const AvroSchema& schema, const std::string& file);

}  // namespace attune::trainer
