#include "trainer/export/rearrangement.h"

#include <algorithm>
#include <cstring>

#include "runtime/bundle/bundle.h"
#include "runtime/bundle/vocabulary.h"

namespace attune::trainer {
namespace {

using Bytes = std::span<const uint8_t>;

constexpr uint32_t kOffsetBytes = 4;

/// What a section's bytes are to a rearrangement.
StepKind kindOf(SectionKind section) {
  switch (section) {
    case SectionKind::ItemUserCounts:
    case SectionKind::ItemAllowed:
    case SectionKind::ItemIdLengths:
    case SectionKind::ColumnNumbers:
    case SectionKind::ColumnCodeLengths:
    case SectionKind::NeighbourScales:
    case SectionKind::ItemPrior:
    case SectionKind::ColdPrior:
    case SectionKind::ItemVectors:
    case SectionKind::ItemVectorScales:
      return StepKind::rows;
    case SectionKind::ItemIdOffsets:
    case SectionKind::ColumnCodeOffsets:
    case SectionKind::ColumnTextOffsets:
    case SectionKind::NeighbourOffsets:
      return StepKind::offsets;
    case SectionKind::NeighbourItems:
      return StepKind::numbers;
    default:
      return StepKind::bytes;
  }
}

/// Goes through the ids of both, which ascend.
std::vector<ItemRun> runsOf(const Vocabulary& older, const Vocabulary& newer) {
  std::vector<ItemRun> runs(1);
  uint32_t old = 0, now = 0;
  while (old < older.size() || now < newer.size()) {
    const bool gone = now == newer.size() || (old < older.size() && older[old] < newer[now]);
    const bool added = !gone && (old == older.size() || newer[now] < older[old]);
    const ItemRun& last = runs.back();
    if ((!gone && !added && (last.gone > 0 || last.added > 0)) || (gone && last.added > 0))
      runs.emplace_back();
    ++(gone ? runs.back().gone : added ? runs.back().added : runs.back().kept);
    old += added ? 0 : 1;
    now += gone ? 0 : 1;
  }
  return runs;
}

size_t placeOf(const Bundle& bundle, Bytes file, const schema::Section& section) {
  return static_cast<size_t>(bundle.header().data()->data() - file.data()) + section.offset();
}

std::vector<ArrangingStep> stepsOf(const Bundle& bundle, Bytes file) {
  std::vector<ArrangingStep> steps;
  size_t at = 0;
  for (const schema::Section* section : *bundle.header().sections()) {
    const StepKind kind = kindOf(section->kind());
    if (kind == StepKind::bytes) continue;
    const size_t place = placeOf(bundle, file, *section), length = section->length();
    const uint32_t count = kind == StepKind::rows ? bundle.itemCount()
                           : kind == StepKind::offsets
                               ? bundle.itemCount() + 1
                               : static_cast<uint32_t>(length / elementSize(section->element()));
    if (count == 0 || length % count != 0) continue;
    steps.push_back({StepKind::bytes, 1, static_cast<uint32_t>(place - at)});
    steps.push_back({kind, static_cast<uint32_t>(length / count), count});
    at = place + length;
  }
  return steps;
}

std::vector<OffsetRange> offsetsOf(const Bundle& bundle, Bytes file) {
  std::vector<OffsetRange> ranges;
  for (const schema::Section* section : *bundle.header().sections())
    if (kindOf(section->kind()) == StepKind::offsets)
      ranges.push_back({static_cast<uint32_t>(placeOf(bundle, file, *section)),
                        static_cast<uint32_t>(section->length() / kOffsetBytes)});
  return ranges;
}

uint32_t numberAt(const uint8_t* bytes, uint32_t width) {
  uint32_t number = 0;
  for (uint32_t i = width; i-- > 0;) number = number << 8 | bytes[i];
  return number;
}

void putNumber(uint8_t* bytes, uint32_t width, uint32_t number) {
  for (uint32_t i = 0; i < width; ++i, number >>= 8) bytes[i] = static_cast<uint8_t>(number);
}

/// Old bytes on their way to what they are in the new order.
class Arranging {
 public:
  Arranging(Bytes older, std::span<const ItemRun> runs, size_t most)
      : older_(older), runs_(runs), most_(most) {
    for (const ItemRun& run : runs) count(run);
  }

  void take(const ArrangingStep& step) {
    const uint64_t length = uint64_t{step.width} * step.count;
    if (failed_ || step.width == 0 || length > older_.size() - at_) return fail();
    const Bytes bytes = older_.subspan(at_, length);
    at_ += length;
    switch (step.kind) {
      case StepKind::bytes:
        return copy(bytes);
      case StepKind::numbers:
        return number(bytes, step.width);
      case StepKind::rows:
        return step.count == numbers_.size() ? copyRows(bytes, step.width) : fail();
      case StepKind::offsets:
        return step.count == numbers_.size() + 1 && step.width == kOffsetBytes ? copyOffsets(bytes)
                                                                               : fail();
    }
    fail();
  }

  std::optional<std::vector<uint8_t>> end() {
    if (!failed_) copy(older_.subspan(at_));
    if (failed_) return std::nullopt;
    return std::move(result_);
  }

 private:
  void count(const ItemRun& run) {
    const uint64_t rows = uint64_t{run.kept} + run.gone;
    // A run without items, or a row without bytes, would be work for nothing.
    if (failed_ || rows + run.added == 0 || numbers_.size() + rows > older_.size() ||
        rowsNow_ + run.kept + run.added > most_)
      return fail();
    for (uint64_t row = 0; row < rows; ++row)
      numbers_.push_back(static_cast<uint32_t>(rowsNow_ + std::min<uint64_t>(row, run.kept)));
    rowsNow_ += uint64_t{run.kept} + run.added;
  }

  void fail() { failed_ = true; }
  bool room(uint64_t bytes) {
    if (bytes > most_ - result_.size()) fail();
    return !failed_;
  }

  void copy(Bytes bytes) {
    if (room(bytes.size())) result_.insert(result_.end(), bytes.begin(), bytes.end());
  }

  void number(Bytes bytes, uint32_t width) {
    if (width != 1 && width != 2 && width != 4) return fail();
    const size_t begin = result_.size();
    copy(bytes);
    for (size_t at = begin; at < result_.size(); at += width) {
      const uint32_t old = numberAt(&result_[at], width);
      if (old < numbers_.size()) putNumber(&result_[at], width, numbers_[old]);
    }
  }

  void copyRows(Bytes bytes, uint32_t width) {
    if (!room(rowsNow_ * width)) return;
    size_t row = 0;
    for (const ItemRun& run : runs_) {
      const Bytes kept = bytes.subspan(row * width, size_t{run.kept} * width);
      result_.insert(result_.end(), kept.begin(), kept.end());
      result_.resize(result_.size() + size_t{run.added} * width);
      row += size_t{run.kept} + run.gone;
    }
  }

  void copyOffsets(Bytes bytes) {
    std::vector<uint8_t> lengths(bytes.begin(), bytes.end());
    const OffsetRange all{0, static_cast<uint32_t>(lengths.size() / kOffsetBytes)};
    differ(lengths, std::span(&all, 1));
    copy(Bytes(lengths).first(kOffsetBytes));
    copyRows(Bytes(lengths).subspan(kOffsetBytes), kOffsetBytes);
  }

  Bytes older_;
  std::span<const ItemRun> runs_;
  size_t most_;
  std::vector<uint32_t> numbers_;  // (old items) their new numbers
  uint64_t rowsNow_ = 0;
  size_t at_ = 0;
  std::vector<uint8_t> result_;
  bool failed_ = false;
};

}  // namespace

Rearrangement rearrangementOf(Bytes older, Bytes newer) {
  const auto before = Bundle::open(older), after = Bundle::open(newer);
  if (!before.ok() || !after.ok()) return {};
  const auto oldIds = Vocabulary::open(before.value()), newIds = Vocabulary::open(after.value());
  if (!oldIds.ok() || !newIds.ok()) return {};
  return {runsOf(oldIds.value(), newIds.value()), stepsOf(before.value(), older),
          offsetsOf(after.value(), newer)};
}

std::optional<std::vector<uint8_t>> rearranged(Bytes older, const Rearrangement& tables,
                                               size_t most) {
  Arranging arranging(older, tables.runs, most);
  for (const ArrangingStep& step : tables.steps) arranging.take(step);
  return arranging.end();
}

void differ(std::span<uint8_t> bytes, std::span<const OffsetRange> offsets) {
  for (const OffsetRange& range : offsets)
    for (uint32_t i = range.count; i-- > 1;) {
      uint8_t* at = &bytes[range.at + size_t{i} * kOffsetBytes];
      putNumber(at, kOffsetBytes, numberAt(at, kOffsetBytes) - numberAt(at - kOffsetBytes, kOffsetBytes));
    }
}

void sumUp(std::span<uint8_t> bytes, std::span<const OffsetRange> offsets) {
  for (const OffsetRange& range : offsets)
    for (uint32_t i = 1; i < range.count; ++i) {
      uint8_t* at = &bytes[range.at + size_t{i} * kOffsetBytes];
      putNumber(at, kOffsetBytes, numberAt(at, kOffsetBytes) + numberAt(at - kOffsetBytes, kOffsetBytes));
    }
}

bool fits(std::span<const OffsetRange> offsets, size_t size) {
  uint64_t end = 0;
  for (const OffsetRange& range : offsets) {
    if (range.at < end || range.at % kOffsetBytes != 0) return false;
    end = range.at + uint64_t{range.count} * kOffsetBytes;
    if (end > size) return false;
  }
  return true;
}

}  // namespace attune::trainer
