#include "runtime/serve/filter_runner.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "runtime/base/masks.h"
#include "runtime/serve/filter_resolver.h"

namespace attune {
namespace {

using Comparison = FilterCondition::Comparison;
using Truth = ResolvedCondition::Truth;

constexpr uint32_t kPrefix = 8192;  // values that are counted at once
constexpr size_t kNoMarks = ~size_t{0};
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The numbers that stand in a relation to one.
struct Interval {
  double low = -kInfinity, high = kInfinity;
};

Interval intervalOf(Comparison comparison, double x) {
  switch (comparison) {
    case Comparison::in:
      return {x, x};
    case Comparison::less:
      return {-kInfinity, std::nextafter(x, -kInfinity)};
    case Comparison::lessOrEqual:
      return {-kInfinity, x};
    case Comparison::greater:
      return {std::nextafter(x, kInfinity), kInfinity};
    case Comparison::greaterOrEqual:
      break;
  }
  return {x, kInfinity};
}

/// std::fill is a loop where code is compiled small.
void clear(std::span<uint8_t> bytes) {
  if (!bytes.empty()) std::memset(bytes.data(), 0, bytes.size());
}

// A byte may alias anything, so these loops say that theirs do not.

/// Rows of one value each.
template <typename Code>
void fillOneEach(const Code* codes, const uint8_t* wanted, uint32_t count,
                 uint8_t* __restrict out) {
  for (uint32_t i = 0; i < count; ++i) out[i] = wanted[codes[i]];
}

/// prefix[j]: how many of the first j codes are wanted.
template <typename Code>
void countHits(const Code* codes, const uint8_t* wanted, uint32_t count,
               uint16_t* __restrict prefix) {
  uint16_t hits = 0;
  for (uint32_t j = 0; j < count; ++j) {
    prefix[j] = hits;
    hits = static_cast<uint16_t>(hits + wanted[codes[j]]);
  }
  prefix[count] = hits;
}

/// Rows of any number of values, without a branch a row: one of a row's values is wanted if not as
/// many are before its first as before the next row's.
template <typename Code>
void fillSeveral(const Code* codes, const uint32_t* offsets, const uint8_t* wanted, uint32_t count,
                 uint16_t* prefix, uint8_t* __restrict out) {
  for (uint32_t begin = 0; begin < count;) {
    const uint32_t first = offsets[begin];
    uint32_t end = begin;
    while (end < count && offsets[end + 1] - first <= kPrefix) ++end;
    if (end == begin) {  // a row of very many values
      out[begin] = 0;
      for (uint32_t j = first; j < offsets[begin + 1]; ++j) out[begin] |= wanted[codes[j]];
      ++begin;
      continue;
    }
    countHits(codes + first, wanted, offsets[end] - first, prefix);
    for (; begin < end; ++begin)
      out[begin] = prefix[offsets[begin + 1] - first] != prefix[offsets[begin] - first];
  }
}

}  // namespace

Status FilterRunner::reserve() {
  ATTUNE_TRY(scratch_.stack.resize(size_t{std::max(1u, program_.depth)} * kBlock));
  ATTUNE_TRY(scratch_.excluded.resize(kBlock));
  return reserveLists();
}

Status FilterRunner::reserveLists() {
  ATTUNE_TRY(scratch_.offsets.resize(kBlock + 1));
  return scratch_.prefix.resize(kPrefix + 1);
}

Status FilterRunner::start() {
  const size_t rows = rows_.ids.size();
  ATTUNE_TRY(reserve());
  ATTUNE_TRY(scratch_.passes.resize(rows));
  scratch_.parts.clear();
  size_t marked = 0;
  for (const FilterExpression& expression : program_.expressions) {
    if (!takesPart(expression)) continue;
    const bool marks = expression.usesEvents && !events().empty();
    ATTUNE_TRY(scratch_.parts.push(
        {&expression, marks ? marked : kNoMarks, ask(Question::mayHoldWithoutEvent, expression, {})}));
    if (marks) marked += rows;
    includes_ |= expression.includes;
  }
  ATTUNE_TRY(scratch_.marks.resize(marked));
  clear(scratch_.marks.span());
  for (const FilterPart& part : scratch_.parts)
    if (part.marks != kNoMarks) markEvents(*part.expression, scratch_.marks.data() + part.marks);
  return {};
}

void FilterRunner::judge(uint32_t begin, uint32_t end) {
  for (uint32_t at = begin; at < end; at += kBlock) judgeBlock(at, std::min(kBlock, end - at));
}

void FilterRunner::judgeBlock(uint32_t begin, uint32_t count) {
  const std::span<uint8_t> passes(scratch_.passes.data() + begin, count);
  const std::span<uint8_t> excluded(scratch_.excluded.data(), count);
  clear(passes);
  clear(excluded);
  for (const FilterPart& part : scratch_.parts) {
    const std::span<uint8_t> holding(scratch_.stack.data(), count);
    if (part.rowsMayHold)
      fillBlock(*part.expression, begin, count);
    else
      clear(holding);
    if (part.marks != kNoMarks)
      overrideMarked({scratch_.marks.data() + part.marks + begin, count}, holding);
    orInto(holding, part.expression->includes ? passes : excluded);
  }
  keepUnless(excluded, !includes_, passes);
}

/// Rows with events: 2, and 3 where the expression holds for one of them.
void FilterRunner::markEvents(const FilterExpression& expression, uint8_t* marks) {
  for (const SessionEvent& event : events())
    if (event.item != kUnknownItem && marks[event.item] != 3)
      marks[event.item] = 2 + static_cast<uint8_t>(holds(expression, {event.item, {}, &event}));
}

template <typename IsWith>
Result<bool> FilterRunner::passes(const Case& alone, const IsWith& isWith) {
  ATTUNE_TRY(reserveLists());
  ATTUNE_TRY(scratch_.stack.resize(std::max(1u, program_.depth)));
  bool includes = false, included = false, excluded = false;
  for (const FilterExpression& expression : program_.expressions) {
    if (!takesPart(expression)) continue;
    bool found = false, hasEvent = false;
    for (const SessionEvent& event : events()) {
      if (!isWith(event)) continue;
      hasEvent = true;
      found = found || holds(expression, {alone.row, alone.id, &event});
    }
    if (!hasEvent) found = holds(expression, alone);
    includes |= expression.includes;
    (expression.includes ? included : excluded) |= found;
  }
  return (included || !includes) && !excluded;
}

Result<bool> FilterRunner::passesItem(uint32_t row, std::string_view id) {
  return passes({row, id, nullptr}, [&](const SessionEvent& event) {
    return event.item == row && (row != kUnknownItem || session_->itemId(event) == id);
  });
}

Result<bool> FilterRunner::passesUser(uint32_t row) {
  return passes({row, {}, nullptr}, [](const SessionEvent&) { return true; });
}

/// Whether the IF of an expression holds, if it has one.
bool FilterRunner::takesPart(const FilterExpression& expression) {
  return expression.whereEnd == expression.ifEnd || ask(Question::ifHolds, expression, {});
}

bool FilterRunner::holds(const FilterExpression& expression, const Case& one) {
  return ask(Question::holds, expression, one);
}

bool FilterRunner::ask(Question question, const FilterExpression& expression, const Case& one) {
  const bool ofIf = question == Question::ifHolds;
  uint8_t* top = scratch_.stack.data();  // one above the newest truth
  for (uint32_t i = ofIf ? expression.whereEnd : expression.whereBegin,
                end = ofIf ? expression.ifEnd : expression.whereEnd;
       i < end; ++i) {
    const FilterStep& step = program_.steps[i];
    if (step.kind == FilterStep::Kind::condition) {
      const FilterCondition& condition = program_.conditions[step.condition];
      const ResolvedCondition& resolved = scratch_.conditions[step.condition];
      const bool ofEvents = condition.table == FilterTable::interactions;
      *top++ = question <= Question::ifHolds ? holds(condition, resolved, one)
               : resolved.truth == Truth::never ? false
               : question == Question::mayHoldWithoutEvent ? !ofEvents : !namesRows(condition);
    } else {
      --top;
      top[-1] = step.kind == FilterStep::Kind::both ? top[-1] & top[0] : top[-1] | top[0];
    }
  }
  return top[-1] != 0;
}

bool FilterRunner::namesRows(const FilterCondition& condition) {
  const bool isId = condition.type == FilterFieldType::id &&
                    condition.comparison == Comparison::in && !condition.negated;
  return isId || condition.table == FilterTable::interactions;
}

bool FilterRunner::holds(const FilterCondition& condition, const ResolvedCondition& resolved,
                         const Case& one) {
  if (resolved.truth != Truth::asks) return resolved.truth == Truth::always;
  if (condition.table == FilterTable::interactions)
    return one.event != nullptr && holdsForEvent(condition, resolved, *one.event);
  return holdsForRow(condition, resolved, one);
}

bool FilterRunner::holdsForRow(const FilterCondition& condition, const ResolvedCondition& resolved,
                               const Case& one) {
  if (one.row != kUnknownItem) {
    uint8_t truth = 0;
    fill(condition, resolved, one.row, 1, &truth);
    return truth != 0;
  }
  if (condition.comparison != Comparison::in) return false;
  bool found = false;
  if (condition.type == FilterFieldType::id)
    for (const std::string_view text : texts(resolved)) found |= text == one.id;
  return found != condition.negated;
}

bool FilterRunner::holdsForEvent(const FilterCondition& condition,
                                 const ResolvedCondition& resolved,
                                 const SessionEvent& event) const {
  bool found = resolved.any;
  if (condition.type == FilterFieldType::eventType) {
    const std::string_view type = session_->typeName(event.type);
    for (const std::string_view text : texts(resolved)) found |= equalWithoutCase(text, type);
  } else if (condition.type != FilterFieldType::timestamp &&
             condition.type != FilterFieldType::eventValue) {
    const std::string_view said =
        event_context::find(session_->context(event), program_.nameOf(condition));
    found = textHolds(condition, said, texts(resolved), numbers(resolved));
  } else {
    const double x = condition.type == FilterFieldType::timestamp
                         ? static_cast<double>(event.timestamp)
                         : static_cast<double>(event.value);
    found |= compares(condition.comparison, x, numbers(resolved));
  }
  return found != condition.negated;
}

void FilterRunner::fillBlock(const FilterExpression& expression, uint32_t begin, uint32_t count) {
  if (expression.isReady) return spread(expression, begin, count);
  uint8_t* top = scratch_.stack.data();  // a block above the newest one
  for (uint32_t i = expression.whereBegin; i < expression.whereEnd; ++i) {
    const FilterStep& step = program_.steps[i];
    if (step.kind == FilterStep::Kind::condition) {
      fill(program_.conditions[step.condition], scratch_.conditions[step.condition], begin, count,
           top);
      top += kBlock;
      continue;
    }
    top -= kBlock;
    uint8_t* below = top - kBlock;
    const auto combine = step.kind == FilterStep::Kind::both ? andInto : orInto;
    combine({top, count}, {below, count});
  }
}

void FilterRunner::fill(const FilterCondition& condition, const ResolvedCondition& resolved,
                        uint32_t begin, uint32_t count, uint8_t* out) const {
  if (resolved.truth != Truth::asks || condition.table == FilterTable::interactions) {
    std::memset(out, static_cast<int>(resolved.truth == Truth::always), count);
    return;
  }
  clear({out, count});
  if (condition.type == FilterFieldType::id) {
    for (const double number : numbers(resolved)) {
      const auto row = static_cast<uint32_t>(number);
      if (row >= begin && row - begin < count) out[row - begin] = 1;
    }
  } else if (condition.type == FilterFieldType::category) {
    const CatalogueColumn& column = rows_.columns.column(condition.column);
    const uint8_t* wanted = scratch_.tables.data() + resolved.tableBegin;
    column.codes.withNumbers([&](const auto* codes) {
      if (column.codeRows.areOneEach()) {
        fillOneEach(codes + begin, wanted, count, out);
        return;
      }
      const uint32_t* offsets = column.codeRows.offsetsOf(begin, count, scratch_.offsets.data());
      fillSeveral(codes, offsets, wanted, count, scratch_.prefix.data(), out);
    });
  } else if (condition.type == FilterFieldType::text ||
             condition.type == FilterFieldType::textual) {
    const CatalogueColumn& column = rows_.columns.column(condition.column);
    for (uint32_t i = 0; i < count; ++i)
      for (const std::string_view text : texts(resolved))
        out[i] |= !text.empty() && column.texts[begin + i] == text;
  } else {
    fillNumbers(condition, resolved, begin, count, out);
  }
  if (condition.negated) negate({out, count});
}

void FilterRunner::fillNumbers(const FilterCondition& condition, const ResolvedCondition& resolved,
                               uint32_t begin, uint32_t count, uint8_t* out) const {
  const CatalogueColumn& column = rows_.columns.column(condition.column);
  for (const double number : numbers(resolved)) {
    const Interval interval = intervalOf(condition.comparison, number);
    column.numbers.withNumbers([&](const auto* values) {
      markWithin(std::span(values + begin, count), interval.low, interval.high, column.nullNumber,
                 {out, count});
    });
  }
}

}  // namespace attune
