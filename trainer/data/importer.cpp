#include "trainer/data/importer.h"

#include <chrono>
#include <exception>
#include <thread>

#include "trainer/base/bounded_queue.h"
#include "trainer/base/errors.h"
#include "trainer/data/row_source.h"

namespace attune::trainer {
namespace {

constexpr size_t kWaitingBatches = 4;

uint64_t totalBytes(const std::vector<std::string>& files) {
  uint64_t total = 0;
  for (const std::string& file : files) total += regularFileBytes(file);
  return total;
}

/// A wrong file is told before anything is read or locked.
void checkHeaders(const ImportOptions& options, const AvroSchema& schema) {
  for (const std::string& file : options.files) {
    if (isPipe(file)) continue;  // it can be read only once
    CsvReader reader(openByteSource(file));
    checkCsvHeader(reader, schema, file);
  }
}

/// Parses rows in a thread of its own while the caller stores them.
class ParserThread {
 public:
  explicit ParserThread(RowSource& source)
      : source_(source), queue_(kWaitingBatches), thread_([this] { run(); }) {}
  ~ParserThread() { stop(); }

  /// The next rows; nothing at the end. Rethrows what the parser threw.
  std::optional<RowBatch> next() {
    std::optional<RowBatch> batch = queue_.pop();
    if (batch) return batch;
    stop();
    if (error_) std::rethrow_exception(error_);
    return std::nullopt;
  }

 private:
  void run() {
    try {
      while (std::optional<RowBatch> batch = source_.next())
        if (!queue_.push(std::move(*batch))) break;
    } catch (...) {
      error_ = std::current_exception();
    }
    queue_.close();
  }
  void stop() {
    queue_.close();
    if (thread_.joinable()) thread_.join();
  }

  RowSource& source_;
  BoundedQueue<RowBatch> queue_;
  std::exception_ptr error_;
  std::thread thread_;
};

void storeRows(RowSource& source, ImportTransaction& transaction, uint64_t bytes,
               Progress& progress) {
  ParserThread parser(source);
  uint64_t rows = 0;
  while (const std::optional<RowBatch> batch = parser.next()) {
    transaction.append(*batch);
    rows += batch->rowCount();
    const double done = static_cast<double>(source.fileBytesRead());
    progress.update(bytes == 0 ? -1 : done / static_cast<double>(bytes),
                    withThousands(rows) + " rows");
  }
}

void checkBadRows(const ImportOptions& options, const ReadCounts& counts,
                  const Quarantine& quarantine) {
  const std::string hint =
      "; first " + quarantine.first() + "; all of them are in " + quarantine.path();
  if (counts.rowsRead == 0)
    throw UserError(options.files[0] + " holds no rows: nothing was imported");
  if (options.maxBad.isExceeded(counts.rowsBad, counts.rowsRead))
    throw UserError(withThousands(counts.rowsBad) + " of " + withThousands(counts.rowsRead) +
                    " rows are bad, more than --max-bad " + options.maxBad.text() +
                    ": nothing was imported" + hint);
  if (counts.rowsBad == counts.rowsRead)
    throw UserError("all rows are bad: nothing was imported" + hint);
}

/// Reads and stores everything; the quarantine file is finished even when that fails half-way.
void transfer(const ImportOptions& options, RowSource& source, Quarantine& quarantine,
              ImportTransaction& transaction, Progress& progress) {
  try {
    storeRows(source, transaction, totalBytes(options.files), progress);
  } catch (...) {
    if (quarantine.count() > 0) quarantine.finishQuietly();
    throw;
  }
  quarantine.finish();
  progress.finish();
  checkBadRows(options, source.counts(), quarantine);
}

std::string quarantinePath(const ImportOptions& options) {
  const std::string path =
      options.quarantine.empty() ? options.files[0] + ".quarantine.jsonl" : options.quarantine;
  bool taken = path == options.schema || path == options.store;
  for (const std::string& file : options.files) taken = taken || path == file;
  if (taken) throw UserError("--quarantine " + path + " would replace a file of this import");
  return path;
}

}  // namespace

ImportSummary importFiles(const ImportOptions& options, Progress& progress) {
  const auto begin = std::chrono::steady_clock::now();
  if (options.files.empty()) throw UserError("no CSV file was given");
  const AvroSchema schema = loadAvroSchema(options.schema, options.type);
  Quarantine quarantine(quarantinePath(options));
  checkHeaders(options, schema);

  const std::unique_ptr<Store> store = openStore(options.store, StoreAccess::write);
  ImportSummary summary;
  ImportCounts stored;
  {
    const auto transaction = store->beginImport(schema, options.mode);
    RowSource source(schema, options.files, options.nowSeconds, quarantine);
    transfer(options, source, quarantine, *transaction, progress);
    stored = transaction->commit();
    summary.rowsRead = source.counts().rowsRead;
    summary.rowsBad = source.counts().rowsBad;
    summary.textsCut = source.counts().textsCut;
  }
  summary.rowsKept = stored.added + stored.replaced;
  summary.rowsDuplicate = stored.duplicates;
  summary.recordsReplaced = stored.replaced;
  summary.dataset = store->counts(options.type);
  if (summary.rowsBad > 0) summary.quarantine = quarantine.path();
  const auto elapsed = std::chrono::steady_clock::now() - begin;
  summary.seconds = std::chrono::duration<double>(elapsed).count();
  return summary;
}

}  // namespace attune::trainer
