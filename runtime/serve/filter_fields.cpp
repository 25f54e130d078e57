#include "runtime/serve/filter_fields.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/base/number.h"

namespace attune {
namespace {

constexpr size_t kMaxCompared = 64;  // bytes of a name that are compared for a hint

/// Letters to insert, remove or change to make one of the other, whatever their case (Levenshtein
/// 1966).
size_t distance(std::string_view a, std::string_view b) {
  a = a.substr(0, kMaxCompared);
  b = b.substr(0, kMaxCompared);
  size_t row[kMaxCompared + 1];
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t changed = diagonal + (lowerCase(a[i]) != lowerCase(b[j]));
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

FilterFieldType typeOf(ColumnType type) {
  switch (type) {
    case ColumnType::Categorical:
      return FilterFieldType::category;
    case ColumnType::Integer:
    case ColumnType::Real:
      return FilterFieldType::number;
    case ColumnType::Boolean:
      return FilterFieldType::boolean;
    case ColumnType::Text:
      break;
  }
  return FilterFieldType::text;
}

bool isNumber(FilterFieldType type) {
  return type == FilterFieldType::number || type == FilterFieldType::eventValue ||
         type == FilterFieldType::timestamp;
}

bool mayBeNumber(FilterFieldType type) {
  return isNumber(type) || type == FilterFieldType::attribute || type == FilterFieldType::unknown;
}

class Checker {
 public:
  Checker(FilterProgram& program, const FilterFields& fields, FilterLanguage language,
          FilterHint& hint)
      : program_(program),
        fields_(fields),
        compatible_(language == FilterLanguage::compatible),
        hint_(hint) {}

  Status check() {
    if (program_.subject != fields_.subject())
      return Error{ErrorCode::InvalidFilter,
                   "the filter is about another kind: items (ItemID), users (UserID) or "
                   "actions (ActionID)"};
    for (FilterCondition& condition : program_.conditions) ATTUNE_TRY(check(condition));
    return {};
  }

 private:
  Status check(FilterCondition& condition) {
    const std::string_view name = program_.nameOf(condition);
    ATTUNE_TRY(find(condition.table, name, condition.place, condition.type, condition.column));
    const FilterFieldType type = condition.type;
    if (compatible_ && type == FilterFieldType::boolean)
      return mistake(condition.place, "Personalize does not filter boolean columns");
    if (compatible_ && type == FilterFieldType::textual)
      return mistake(condition.place, "Personalize does not filter textual columns");
    const bool orders = condition.comparison != FilterCondition::Comparison::in;
    if (orders && !mayBeNumber(type))
      return mistake(condition.place,
                     "only numbers can be ordered, and this field has none; use "
                     "IN or =");
    for (uint32_t i = condition.operandBegin; i < condition.operandEnd; ++i)
      ATTUNE_TRY(check(type, program_.operands[i]));
    return {};
  }

  Status check(FilterFieldType type, FilterOperand& operand) {
    switch (operand.kind) {
      case FilterOperand::Kind::now:
        if (mayBeNumber(type)) return {};
        return mistake(operand.place,
                       "now() is a number of seconds, and this field has no numbers");
      case FilterOperand::Kind::placeholder:
        if (operand.number == 0 || mayBeNumber(type)) return {};
        return mistake(operand.place, "only numbers can be added, and this field has none");
      case FilterOperand::Kind::field:
        return checkReference(type, operand);
      case FilterOperand::Kind::any:
        return {};
      case FilterOperand::Kind::text:
      case FilterOperand::Kind::number:
        break;
    }
    const std::string_view text = program_.textOf(operand);
    if (isNumber(type) && operand.kind == FilterOperand::Kind::text && !parseNumber(text))
      return mistake(operand.place, "this field has numbers, and the value is none");
    if (type == FilterFieldType::boolean && std::isnan(booleanOf(text)))
      return mistake(operand.place, "this field is true or false");
    return {};
  }

  Status checkReference(FilterFieldType type, FilterOperand& operand) {
    const bool ofItem = operand.table == FilterTable::currentItem;
    const FilterTable table = ofItem ? FilterTable::subject : FilterTable::currentUser;
    ATTUNE_TRY(find(table, program_.textOf(operand), operand.place, operand.type, operand.column));
    const bool bothKnown =
        type != FilterFieldType::unknown && operand.type != FilterFieldType::unknown;
    if (ofItem && bothKnown && isNumber(type) != isNumber(operand.type))
      return mistake(operand.place, "numbers compare with numbers and texts with texts");
    return {};
  }

  Status find(FilterTable table, std::string_view name, uint32_t place, FilterFieldType& type,
              uint32_t& column) {
    if (!fields_.knows(table)) {
      const bool ofUser = table == FilterTable::currentUser;
      type = ofUser ? FilterFieldType::attribute : FilterFieldType::unknown;
      return {};
    }
    const uint32_t field = fields_.find(table, name);
    if (field != FilterFields::kNone) {
      type = fields_[field].type;
      column = fields_[field].column;
      return {};
    }
    const uint32_t nearest = fields_.nearest(table, name);
    if (nearest != FilterFields::kNone) {
      hint_.meant = fields_[nearest].name;
    } else if (table == FilterTable::interactions && fields_.takesAnyContext()) {
      type = FilterFieldType::attribute;
      return {};
    }
    return mistake(place, "no such field");
  }

  Error mistake(uint32_t place, const char* message) const {
    return {ErrorCode::InvalidFilter, message, place};
  }

  FilterProgram& program_;
  const FilterFields& fields_;
  bool compatible_;
  FilterHint& hint_;
};

}  // namespace

Status checkFilter(FilterProgram& program, const FilterFields& fields, FilterLanguage language,
                   FilterHint& hint) {
  return Checker(program, fields, language, hint).check();
}

double booleanOf(std::string_view text) {
  if (text == "1" || equalWithoutCase(text, "true")) return 1;
  if (text == "0" || equalWithoutCase(text, "false")) return 0;
  return std::numeric_limits<double>::quiet_NaN();
}

Result<FilterFields> FilterFields::of(const Catalogue& catalogue,
                                      const QueryColumns& queryColumns) {
  FilterFields fields;
  ATTUNE_TRY(fields.addEventFields());
  for (uint32_t i = 0; i < catalogue.columnCount(); ++i) {
    const CatalogueColumn& column = catalogue.column(i);
    ATTUNE_TRY(fields.add({FilterTable::subject, typeOf(column.type), column.name, i}));
  }
  ATTUNE_TRY(fields.add({FilterTable::subject, FilterFieldType::id, "ITEM_ID"}));
  for (uint32_t i = 0; i < queryColumns.size(); ++i)
    if (!isAutomatic(queryColumns[i].kind))
      ATTUNE_TRY(fields.add({queryColumns[i].kind == QueryKind::User ? FilterTable::currentUser
                                                                     : FilterTable::interactions,
                             typeOf(queryColumns[i].type), queryColumns[i].name}));
  fields.takeAnyContext(!queryColumns.has(QueryKind::Context));
  return fields;
}

Status FilterFields::addEventFields() {
  ATTUNE_TRY(add({FilterTable::interactions, FilterFieldType::eventType, "EVENT_TYPE"}));
  ATTUNE_TRY(add({FilterTable::interactions, FilterFieldType::eventValue, "EVENT_VALUE"}));
  return add({FilterTable::interactions, FilterFieldType::timestamp, "TIMESTAMP"});
}

bool FilterFields::knows(FilterTable table) const {
  return std::any_of(fields_.begin(), fields_.end(),
                     [&](const FilterField& field) { return field.table == table; });
}

uint32_t FilterFields::find(FilterTable table, std::string_view name) const {
  uint32_t found = kNone;
  for (uint32_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].table != table) continue;
    if (fields_[i].name == name) return i;
    if (found == kNone && equalWithoutCase(fields_[i].name, name)) found = i;
  }
  return found;
}

uint32_t FilterFields::nearest(FilterTable table, std::string_view name) const {
  uint32_t found = kNone;
  size_t least = 1 + name.size() / 3;
  for (uint32_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].table != table) continue;
    const size_t apart = distance(fields_[i].name, name);
    if (apart > least || (apart == least && found != kNone)) continue;
    found = i;
    least = apart;
  }
  return found;
}

}  // namespace attune
