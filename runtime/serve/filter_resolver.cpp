#include "runtime/serve/filter_resolver.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/number.h"

namespace attune {
namespace {

using Comparison = FilterCondition::Comparison;
using Truth = ResolvedCondition::Truth;

bool hasNumbers(FilterFieldType type) {
  return type == FilterFieldType::number || type == FilterFieldType::boolean ||
         type == FilterFieldType::eventValue || type == FilterFieldType::timestamp;
}

Error unusable(const FilterOperand& operand, const char* what) {
  return {ErrorCode::InvalidFilter, what, operand.place};
}

/// The code of a value, or how many there are. REQUIRES: values ascend
uint32_t codeOf(const StringsView& values, std::string_view value) {
  uint32_t low = 0, high = values.size();
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (values[middle] < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < values.size() && values[low] == value ? low : values.size();
}

}  // namespace

bool compares(Comparison comparison, double x, std::span<const double> numbers) {
  for (const double number : numbers) {
    bool holds = false;
    switch (comparison) {
      case Comparison::in:
        holds = x == number;
        break;
      case Comparison::less:
        holds = x < number;
        break;
      case Comparison::lessOrEqual:
        holds = x <= number;
        break;
      case Comparison::greater:
        holds = x > number;
        break;
      case Comparison::greaterOrEqual:
        holds = x >= number;
        break;
    }
    if (holds) return true;
  }
  return false;
}

bool textHolds(const FilterCondition& condition, std::string_view text,
               std::span<const std::string_view> texts, std::span<const double> numbers) {
  const auto isAmong = [&](std::string_view value) {
    return std::find(texts.begin(), texts.end(), value) != texts.end();
  };
  if (condition.type == FilterFieldType::category) {
    bool holds = false;
    forParts(text, [&](std::string_view part) { holds |= isAmong(part); });
    return holds;
  }
  if (text.empty()) return false;
  if (isAmong(text)) return true;
  if (condition.type == FilterFieldType::text) return false;
  const auto number = condition.type == FilterFieldType::boolean
                          ? std::optional<double>(booleanOf(text))
                          : parseNumber(text);
  return number && compares(condition.comparison, *number, numbers);
}

Status FilterResolver::resolve(Part part) {
  scratch_.texts.clear();
  scratch_.numbers.clear();
  scratch_.tables.clear();
  scratch_.conditions.clear();
  ATTUNE_TRY(scratch_.conditions.resize(program_.conditions.size()));
  for (const FilterExpression& expression : program_.expressions) {
    const bool known = part == Part::open && expression.isFixed;
    const bool all = part != Part::fixed;
    const uint32_t end = all ? expression.ifEnd : expression.isFixed ? expression.whereEnd : 0;
    for (uint32_t i = known ? expression.whereEnd : expression.whereBegin; i < end; ++i) {
      const FilterStep& step = program_.steps[i];
      if (step.kind != FilterStep::Kind::condition) continue;
      ATTUNE_TRY(resolve(program_.conditions[step.condition], !expression.includes,
                         scratch_.conditions[step.condition]));
    }
  }
  return {};
}

Status FilterResolver::resolve(const FilterCondition& condition, bool mayLack,
                               ResolvedCondition& resolved) {
  if (condition.type == FilterFieldType::unknown)
    return Error{ErrorCode::InvalidFilter, "this field belongs to no known schema",
                 condition.place};
  resolved = {};
  resolved.textBegin = static_cast<uint32_t>(scratch_.texts.size());
  resolved.numberBegin = static_cast<uint32_t>(scratch_.numbers.size());
  for (uint32_t i = condition.operandBegin; i < condition.operandEnd; ++i) {
    const FilterOperand& operand = program_.operands[i];
    const bool lacks =
        operand.kind == FilterOperand::Kind::placeholder &&
        (request_.values == nullptr || !request_.values->has(program_.textOf(operand)));
    if (!lacks) {
      ATTUNE_TRY(collect(condition, operand, resolved));
    } else if (mayLack) {
      resolved.truth = Truth::never;
    } else {
      return unusable(operand,
                      "the request gives no value for this placeholder, and an INCLUDE "
                      "needs it");
    }
  }
  resolved.textEnd = static_cast<uint32_t>(scratch_.texts.size());
  if (condition.type == FilterFieldType::id) ATTUNE_TRY(addRows(resolved));
  resolved.numberEnd = static_cast<uint32_t>(scratch_.numbers.size());
  if (resolved.truth == Truth::never) return {};
  if (condition.table == FilterTable::currentUser) return askUser(condition, resolved);
  if (condition.type == FilterFieldType::category && condition.table == FilterTable::subject)
    return fillTable(condition, resolved);
  return {};
}

Status FilterResolver::collect(const FilterCondition& condition, const FilterOperand& operand,
                               ResolvedCondition& resolved) {
  switch (operand.kind) {
    case FilterOperand::Kind::any:
      resolved.any = true;
      return {};
    case FilterOperand::Kind::text:
    case FilterOperand::Kind::number:
      return addText(condition, operand, program_.textOf(operand));
    case FilterOperand::Kind::now:
      return addNumber(condition, request_.now + operand.number);
    case FilterOperand::Kind::field:
      return collectField(condition, operand);
    case FilterOperand::Kind::placeholder:
      break;
  }
  return request_.values->forValues(program_.textOf(operand), [&](std::string_view text) -> Status {
    if (operand.number == 0) return addText(condition, operand, text);
    const auto number = parseNumber(text);
    if (!number) return unusable(operand, "the value given for this placeholder is no number");
    return addNumber(condition, *number + operand.number);
  });
}

Status FilterResolver::addText(const FilterCondition& condition, const FilterOperand& operand,
                               std::string_view text) {
  if (condition.type == FilterFieldType::boolean) {
    const double truth = booleanOf(text);
    if (std::isnan(truth)) return unusable(operand, "the value of a boolean must be true or false");
    return addNumber(condition, truth);
  }
  const bool onlyNumbers = hasNumbers(condition.type) || condition.comparison != Comparison::in;
  if (!onlyNumbers) ATTUNE_TRY(scratch_.texts.push(text));
  if (!onlyNumbers && condition.type != FilterFieldType::attribute) return {};
  const auto number = parseNumber(text);
  if (number) return addNumber(condition, *number);
  if (!onlyNumbers) return {};
  return unusable(operand, "the value given for this field of numbers is no number");
}

/// A column of floats, and an event's value, is the nearest float of what was imported, so that is
/// what is asked for.
Status FilterResolver::addNumber(const FilterCondition& condition, double number) {
  const bool ofColumn = condition.table == FilterTable::subject && hasNumbers(condition.type);
  const bool floats =
      condition.type == FilterFieldType::eventValue ||
      (ofColumn && rows_.columns.column(condition.column).numbers.type() == NumberView::Type::f32);
  return scratch_.numbers.push(floats ? static_cast<double>(static_cast<float>(number)) : number);
}

Status FilterResolver::collectField(const FilterCondition& condition,
                                    const FilterOperand& operand) {
  const std::string_view name = program_.textOf(operand);
  if (operand.table == FilterTable::currentUser) {
    if (request_.session == nullptr) return {};
    Status status;
    forParts(request_.session->profile().find(name), [&](std::string_view part) {
      const bool fits = !hasNumbers(condition.type) || parseNumber(part).has_value() ||
                        condition.type == FilterFieldType::boolean;
      if (status.ok() && fits) status = addText(condition, operand, part);
    });
    return status;
  }
  if (!request_.hasCurrentItem)
    return unusable(operand, "CurrentItem is there in requests for related items only");
  const uint32_t item = request_.currentItem;
  if (item == kUnknownItem) return {};
  if (operand.type == FilterFieldType::id) return addText(condition, operand, rows_.ids[item]);
  const CatalogueColumn& column = rows_.columns.column(operand.column);
  if (column.isNull(item)) return {};
  if (column.type == ColumnType::Text) return addText(condition, operand, column.texts[item]);
  if (column.type != ColumnType::Categorical) return addNumber(condition, column.numbers[item]);
  const IndexView codes = column.codesOf(item);
  for (size_t i = 0; i < codes.size(); ++i)
    ATTUNE_TRY(addText(condition, operand, column.values[codes[i]]));
  return {};
}

/// The numbers of the rows whose ids are asked for.
Status FilterResolver::addRows(const ResolvedCondition& resolved) {
  for (uint32_t i = resolved.textBegin; i < resolved.textEnd; ++i) {
    const uint32_t row = rows_.ids.find(scratch_.texts[i]);
    if (row != kUnknownItem) ATTUNE_TRY(scratch_.numbers.push(row));
  }
  return {};
}

Status FilterResolver::fillTable(const FilterCondition& condition, ResolvedCondition& resolved) {
  const StringsView& values = rows_.columns.column(condition.column).values;
  resolved.tableBegin = static_cast<uint32_t>(scratch_.tables.size());
  ATTUNE_TRY(scratch_.tables.resize(resolved.tableBegin + values.size()));
  for (uint32_t i = resolved.textBegin; i < resolved.textEnd; ++i) {
    const uint32_t code = codeOf(values, scratch_.texts[i]);
    if (code < values.size()) scratch_.tables[resolved.tableBegin + code] = 1;
  }
  return {};
}

Status FilterResolver::askUser(const FilterCondition& condition,
                               ResolvedCondition& resolved) const {
  const std::string_view value = request_.session == nullptr
                                     ? std::string_view()
                                     : request_.session->profile().find(program_.nameOf(condition));
  const bool holds = textHolds(
      condition, value,
      scratch_.texts.span().subspan(resolved.textBegin, resolved.textEnd - resolved.textBegin),
      scratch_.numbers.span().subspan(resolved.numberBegin,
                                      resolved.numberEnd - resolved.numberBegin));
  resolved.truth = holds != condition.negated ? Truth::always : Truth::never;
  return {};
}

}  // namespace attune
