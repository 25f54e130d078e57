#include "runtime/serve/filter_runner.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/base/masks.h"
#include "runtime/serve/filter_resolver.h"

namespace attune {
namespace {

using Comparison = FilterCondition::Comparison;
using Truth = ResolvedCondition::Truth;

constexpr uint32_t kBlock = 2048;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The numbers that stand in a relation to one.
struct Interval {
  double low = -kInfinity, high = kInfinity;
};

Interval intervalOf(Comparison comparison, double x) {
  switch (comparison) {
    case Comparison::in: return {x, x};
    case Comparison::less: return {-kInfinity, std::nextafter(x, -kInfinity)};
    case Comparison::lessOrEqual: return {-kInfinity, x};
    case Comparison::greater: return {std::nextafter(x, kInfinity), kInfinity};
    case Comparison::greaterOrEqual: break;
  }
  return {x, kInfinity};
}

}  // namespace

Status FilterRunner::run() {
  const uint32_t rows = rows_.ids.size();
  ATTUNE_TRY(scratch_.stack.resize(size_t{std::max(1u, program_.depth)} * kBlock));
  ATTUNE_TRY(scratch_.passes.resize(rows));
  ATTUNE_TRY(scratch_.expression.resize(rows));
  ATTUNE_TRY(scratch_.excluded.resize(rows));
  const std::span<uint8_t> passes = scratch_.passes.span(), excluded = scratch_.excluded.span();
  std::fill(passes.begin(), passes.end(), uint8_t{0});
  std::fill(excluded.begin(), excluded.end(), uint8_t{0});
  bool includes = false;
  for (const FilterExpression& expression : program_.expressions) {
    if (!takesPart(expression)) continue;
    fillExpression(expression);
    includes |= expression.includes;
    orInto(scratch_.expression.span(), expression.includes ? passes : excluded);
  }
  keepUnless(excluded, !includes, passes);
  return {};
}

Result<bool> FilterRunner::passesUnknown(std::string_view id) {
  ATTUNE_TRY(scratch_.stack.resize(std::max(1u, program_.depth)));
  bool includes = false, included = false, excluded = false;
  for (const FilterExpression& expression : program_.expressions) {
    if (!takesPart(expression)) continue;
    bool found = false, hasEvent = false;
    for (const SessionEvent& event : events()) {
      if (event.item != kUnknownItem || session_->itemId(event) != id) continue;
      hasEvent = true;
      found = found || holds(expression, {kUnknownItem, id, &event});
    }
    if (!hasEvent) found = holds(expression, {kUnknownItem, id, nullptr});
    includes |= expression.includes;
    (expression.includes ? included : excluded) |= found;
  }
  return (included || !includes) && !excluded;
}

/// Whether the IF of an expression holds, if it has one.
bool FilterRunner::takesPart(const FilterExpression& expression) {
  return expression.whereEnd == expression.ifEnd ||
         holds(expression.whereEnd, expression.ifEnd, {});
}

bool FilterRunner::holds(const FilterExpression& expression, const Case& one) {
  return holds(expression.whereBegin, expression.whereEnd, one);
}

bool FilterRunner::holds(uint32_t begin, uint32_t end, const Case& one) {
  uint8_t* top = scratch_.stack.data();  // one above the newest truth
  for (uint32_t i = begin; i < end; ++i) {
    const FilterStep& step = program_.steps[i];
    if (step.kind == FilterStep::Kind::condition) {
      *top++ = holds(program_.conditions[step.condition], scratch_.conditions[step.condition], one);
    } else {
      --top;
      top[-1] = step.kind == FilterStep::Kind::both ? top[-1] & top[0] : top[-1] | top[0];
    }
  }
  return top[-1] != 0;
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
  } else {
    const double x = condition.type == FilterFieldType::timestamp
                         ? static_cast<double>(event.timestamp)
                         : static_cast<double>(event.value);
    found |= compares(condition.comparison, x, numbers(resolved));
  }
  return found != condition.negated;
}

void FilterRunner::fillExpression(const FilterExpression& expression) {
  const uint32_t rows = rows_.ids.size();
  if (mayHoldWithoutEvent(expression)) {
    for (uint32_t begin = 0; begin < rows; begin += kBlock)
      fillBlock(expression, begin, std::min(kBlock, rows - begin));
  } else {
    std::fill(scratch_.expression.begin(), scratch_.expression.end(), uint8_t{0});
  }
  if (!expression.usesEvents) return;
  for (const SessionEvent& event : events())
    if (event.item != kUnknownItem) scratch_.expression[event.item] = 0;
  for (const SessionEvent& event : events())
    if (event.item != kUnknownItem && scratch_.expression[event.item] == 0)
      scratch_.expression[event.item] = holds(expression, {event.item, {}, &event});
}

/// Whether a row without events could be what the expression asks for.
bool FilterRunner::mayHoldWithoutEvent(const FilterExpression& expression) {
  uint8_t* top = scratch_.stack.data();
  for (uint32_t i = expression.whereBegin; i < expression.whereEnd; ++i) {
    const FilterStep& step = program_.steps[i];
    if (step.kind == FilterStep::Kind::condition) {
      *top++ = program_.conditions[step.condition].table != FilterTable::interactions &&
               scratch_.conditions[step.condition].truth != Truth::never;
    } else {
      --top;
      top[-1] = step.kind == FilterStep::Kind::both ? top[-1] & top[0] : top[-1] | top[0];
    }
  }
  return top[-1] != 0;
}

void FilterRunner::fillBlock(const FilterExpression& expression, uint32_t begin, uint32_t count) {
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
  std::copy_n(scratch_.stack.data(), count, scratch_.expression.data() + begin);
}

void FilterRunner::fill(const FilterCondition& condition, const ResolvedCondition& resolved,
                        uint32_t begin, uint32_t count, uint8_t* out) const {
  if (resolved.truth != Truth::asks || condition.table == FilterTable::interactions) {
    std::fill_n(out, count, static_cast<uint8_t>(resolved.truth == Truth::always));
    return;
  }
  std::fill_n(out, count, uint8_t{0});
  if (condition.type == FilterFieldType::id) {
    for (const double number : numbers(resolved)) {
      const auto row = static_cast<uint32_t>(number);
      if (row >= begin && row - begin < count) out[row - begin] = 1;
    }
  } else if (condition.type == FilterFieldType::category) {
    const CatalogueColumn& column = rows_.columns.column(condition.column);
    const uint8_t* wanted = scratch_.tables.data() + resolved.tableBegin;
    column.codes.withNumbers([&](const auto* codes) {
      if (column.oneEach) {
        for (uint32_t i = 0; i < count; ++i) out[i] = wanted[codes[begin + i]];
        return;
      }
      const uint32_t* offsets = column.codeOffsets.data() + begin;
      uint32_t j = offsets[0];
      for (uint32_t i = 0; i < count; ++i) {
        uint8_t found = 0;
        for (const uint32_t end = offsets[i + 1]; j < end; ++j) found |= wanted[codes[j]];
        out[i] = found;
      }
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
