#include "trainer/export/delta.h"

#include <zlib.h>

#include <stdexcept>

#include "trainer/export/delta_records.h"
#include "trainer/export/rearrangement.h"

namespace attune::trainer {
namespace {

using Bytes = std::span<const uint8_t>;

constexpr uint32_t kMagic = 0x32445441;  // "ATD2"
constexpr size_t kHeaderBytes = 24, kEntryBytes = 12;
/// The tables of a delta may have so many bytes and thrice those of the bundle: a delta's size bounds
/// the work it can ask for. The first are enough for any bundle's sections.
constexpr size_t kFewTables = 200000, kTablesByLength = 3;

/// zlib's 9 takes ten times as long on small differences and gains little.
constexpr int kLevel = 6;

/// The tables of a delta, and what follows them.
struct Tables {
  Rearrangement rearrangement;
  std::vector<DeltaRecord> records;
  Bytes rest;
};

void put32(std::vector<uint8_t>& bytes, size_t value) {
  for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<uint8_t>(value >> shift));
}

/// The most that a delta of a bundle of `length` bytes may unfold to.
size_t mostUnfolded(size_t length) {
  return kHeaderBytes + kFewTables + kTablesByLength * length + length;
}

std::vector<uint8_t> compressed(const std::vector<uint8_t>& bytes) {
  uLongf length = compressBound(static_cast<uLong>(bytes.size()));
  std::vector<uint8_t> out(length);
  if (compress2(out.data(), &length, bytes.data(), static_cast<uLong>(bytes.size()), kLevel) != Z_OK)
    throw std::runtime_error("zlib cannot compress a delta");
  out.resize(length);
  return out;
}

std::optional<std::vector<uint8_t>> unfolded(Bytes delta, size_t most) {
  std::vector<uint8_t> bytes(most);
  uLongf length = static_cast<uLongf>(most);
  if (uncompress(bytes.data(), &length, delta.data(), static_cast<uLong>(delta.size())) != Z_OK)
    return std::nullopt;
  bytes.resize(length);
  return bytes;
}

/// Numbers one after another. REQUIRES: there are so many
class Words {
 public:
  explicit Words(Bytes bytes) : bytes_(bytes) {}
  uint32_t next() {
    uint32_t value = 0;
    for (size_t i = 4; i-- > 0;) value = value << 8 | bytes_[i];
    bytes_ = bytes_.subspan(4);
    return value;
  }
  Bytes rest() const { return bytes_; }

 private:
  Bytes bytes_;
};

/// The tables, if they are of a delta that makes `length` bytes.
std::optional<Tables> readTables(Bytes bytes, size_t length) {
  if (bytes.size() < kHeaderBytes) return std::nullopt;
  Words words(bytes);
  if (words.next() != kMagic || words.next() != length) return std::nullopt;
  const size_t runs = words.next(), steps = words.next(), ranges = words.next(),
               records = words.next();
  const size_t tableBytes = (runs + steps + ranges + records) * kEntryBytes;
  if (bytes.size() != kHeaderBytes + tableBytes + length) return std::nullopt;
  // A brace list is read from left to right.
  Tables tables;
  auto& [runTable, stepTable, rangeTable] = tables.rearrangement;
  for (size_t i = 0; i < runs; ++i)
    runTable.push_back(ItemRun{words.next(), words.next(), words.next()});
  for (size_t i = 0; i < steps; ++i)
    stepTable.push_back(
        ArrangingStep{static_cast<StepKind>(words.next()), words.next(), words.next()});
  for (size_t i = 0; i < ranges; ++i) {
    rangeTable.push_back(OffsetRange{words.next(), words.next()});
    words.next();
  }
  for (size_t i = 0; i < records; ++i)
    tables.records.push_back(DeltaRecord{words.next(), words.next(), words.next()});
  tables.rest = words.rest();
  return tables;
}

/// What the records make; nothing where they do not fit.
std::optional<std::vector<uint8_t>> made(Bytes base, const Tables& tables, size_t length) {
  std::vector<uint8_t> bytes;
  bytes.reserve(length);
  const uint8_t* next = tables.rest.data();
  for (const DeltaRecord& record : tables.records) {
    if (uint64_t{record.from} + record.copy > base.size() ||
        uint64_t{record.copy} + record.insert > length - bytes.size())
      return std::nullopt;
    for (size_t i = 0; i < record.copy; ++i)
      bytes.push_back(static_cast<uint8_t>(base[record.from + i] + *next++));
    bytes.insert(bytes.end(), next, next + record.insert);
    next += record.insert;
  }
  if (bytes.size() != length) return std::nullopt;
  return bytes;
}

std::vector<uint8_t> tablesOf(const Rearrangement& tables, const std::vector<DeltaRecord>& records,
                              size_t length) {
  std::vector<uint8_t> bytes;
  for (const size_t value : {size_t{kMagic}, length, tables.runs.size(), tables.steps.size(),
                             tables.offsets.size(), records.size()})
    put32(bytes, value);
  for (const ItemRun& run : tables.runs)
    for (const uint32_t value : {run.kept, run.gone, run.added}) put32(bytes, value);
  for (const ArrangingStep& step : tables.steps)
    for (const uint32_t value : {static_cast<uint32_t>(step.kind), step.width, step.count})
      put32(bytes, value);
  for (const OffsetRange& range : tables.offsets)
    for (const uint32_t value : {range.at, range.count, 0u}) put32(bytes, value);
  for (const DeltaRecord& record : records)
    for (const uint32_t value : {record.copy, record.from, record.insert}) put32(bytes, value);
  return bytes;
}

}  // namespace

std::vector<uint8_t> makeDelta(std::span<const uint8_t> older, std::span<const uint8_t> newer) {
  const Rearrangement tables = rearrangementOf(older, newer);
  const auto base = rearranged(older, tables, older.size() + newer.size());
  if (!base) throw std::logic_error("a bundle cannot be rearranged");
  std::vector<uint8_t> flat(newer.begin(), newer.end());
  differ(flat, tables.offsets);
  const std::vector<DeltaRecord> records = recordsOf(*base, flat);
  std::vector<uint8_t> bytes = tablesOf(tables, records, newer.size());
  size_t at = 0;
  for (const DeltaRecord& record : records) {
    for (size_t i = 0; i < record.copy; ++i, ++at)
      bytes.push_back(static_cast<uint8_t>(flat[at] - (*base)[record.from + i]));
    const auto part = Bytes(flat).subspan(at, record.insert);
    bytes.insert(bytes.end(), part.begin(), part.end());
    at += record.insert;
  }
  return compressed(bytes);
}

std::optional<std::vector<uint8_t>> applyDelta(std::span<const uint8_t> older,
                                               std::span<const uint8_t> delta, size_t length) {
  const auto bytes = unfolded(delta, mostUnfolded(length));
  if (!bytes) return std::nullopt;
  const auto tables = readTables(*bytes, length);
  if (!tables || !fits(tables->rearrangement.offsets, length)) return std::nullopt;
  const auto base = rearranged(older, tables->rearrangement, older.size() + length);
  if (!base) return std::nullopt;
  auto newer = made(*base, *tables, length);
  if (newer) sumUp(*newer, tables->rearrangement.offsets);
  return newer;
}

}  // namespace attune::trainer
