// What filters know without judging every row: in advance, or because they name their rows.
#include <algorithm>
#include <cstring>

#include "runtime/serve/filter_runner.h"

namespace attune {
namespace {

constexpr uint32_t kFewOf = 256;  // few rows are at most one in so many

}  // namespace

Status FilterRunner::prepare(FilterProgram& program) {
  const uint32_t rows = rows_.ids.size();
  ATTUNE_TRY(reserve());
  for (FilterExpression& expression : program.expressions) {
    if (!expression.isFixed) continue;
    expression.bitsBegin = program.bits.size();
    ATTUNE_TRY(program.bits.resize(expression.bitsBegin + (rows + 7) / 8));
    uint8_t* bits = program.bits.data() + expression.bitsBegin;
    for (uint32_t begin = 0; begin < rows; begin += kBlock) {
      uint32_t count = std::min(kBlock, rows - begin);
      fillBlock(expression, begin, count);
      while (count % 8 != 0) scratch_.stack[count++] = 0;
      for (uint32_t i = 0; i < count; i += 8) {
        uint64_t eight;
        std::memcpy(&eight, scratch_.stack.data() + i, sizeof eight);
        *bits++ = static_cast<uint8_t>(eight * 0x0102040810204080 >> 56);
      }
    }
    expression.isReady = true;
  }
  return {};
}

void FilterRunner::spread(const FilterExpression& expression, uint32_t begin, uint32_t count) {
  const uint8_t* bits = program_.bits.data() + expression.bitsBegin + begin / 8;
  for (uint32_t i = 0; i < count; i += 8) {
    const uint64_t eight = *bits++ >> begin % 8;
    const uint64_t apart = (eight * 0x0101010101010101) & 0x8040201008040201;
    const uint64_t ones = (apart + 0x7F7F7F7F7F7F7F7F) >> 7 & 0x0101010101010101;
    std::memcpy(scratch_.stack.data() + i, &ones, sizeof ones);
  }
}

Result<bool> FilterRunner::judgeFew(Buffer<uint32_t>& rows) {
  if (!includes_) return false;
  const uint32_t most = rows_.ids.size() / kFewOf;
  rows.clear();
  bool ofEvents = false;
  for (const FilterPart& part : scratch_.parts) {
    if (!part.expression->includes) continue;
    if (part.expression->isReady) {
      const uint8_t* bits = program_.bits.data() + part.expression->bitsBegin;
      for (uint32_t row = 0; row < rows_.ids.size() && rows.size() <= most; ++row) {
        if (bits[row / 8] == 0)
          row |= 7;
        else if ((bits[row / 8] >> row % 8 & 1) != 0)
          ATTUNE_TRY(rows.push(row));
      }
      continue;
    }
    if (ask(Question::mayHoldUnnamed, *part.expression, {})) return false;
    for (uint32_t i = part.expression->whereBegin; i < part.expression->whereEnd; ++i) {
      const FilterStep& step = program_.steps[i];
      if (step.kind != FilterStep::Kind::condition) continue;
      const FilterCondition& condition = program_.conditions[step.condition];
      if (!namesRows(condition)) continue;
      ofEvents |= condition.table == FilterTable::interactions;
      for (const double row : numbers(scratch_.conditions[step.condition]))
        if (condition.type == FilterFieldType::id && rows.size() <= most)
          ATTUNE_TRY(rows.push(static_cast<uint32_t>(row)));
    }
  }
  if (ofEvents)
    for (const SessionEvent& event : events())
      if (event.item != kUnknownItem && rows.size() <= most) ATTUNE_TRY(rows.push(event.item));
  if (rows.size() > most) return false;
  for (const uint32_t row : rows) scratch_.passes[row] = 0;
  size_t count = 0;
  for (const uint32_t row : rows) {
    if (scratch_.passes[row] != 0) continue;  // named twice
    judgeBlock(row, 1);
    if (scratch_.passes[row] != 0) rows[count++] = row;
  }
  rows.truncate(count);
  return true;
}

}  // namespace attune
