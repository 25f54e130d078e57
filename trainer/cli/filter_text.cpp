#include "trainer/cli/filter_text.h"

#include <charconv>
#include <cmath>

namespace attune::trainer {
namespace {

std::string numberText(double number) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

const char* tableName(FilterTable table, FilterSubject subject) {
  switch (table) {
    case FilterTable::currentUser: return "CurrentUser.";
    case FilterTable::currentItem: return "CurrentItem.";
    case FilterTable::interactions:
      return subject == FilterSubject::actions ? "Action_Interactions." : "Interactions.";
    case FilterTable::subject: break;
  }
  return subject == FilterSubject::items     ? "Items."
         : subject == FilterSubject::actions ? "Actions."
                                             : "Users.";
}

std::string sum(const std::string& begin, double added) {
  if (added == 0) return begin;
  return begin + (added < 0 ? " - " : " + ") + numberText(std::fabs(added));
}

std::string operandText(const FilterProgram& program, const FilterOperand& operand) {
  const std::string text(program.textOf(operand));
  switch (operand.kind) {
    case FilterOperand::Kind::text: return "\"" + text + "\"";
    case FilterOperand::Kind::number: return text;
    case FilterOperand::Kind::placeholder: return sum("$" + text, operand.number);
    case FilterOperand::Kind::field: return tableName(operand.table, program.subject) + text;
    case FilterOperand::Kind::now: return sum("now()", operand.number);
    case FilterOperand::Kind::any: break;
  }
  return "\"*\"";
}

std::string conditionText(const FilterProgram& program, const FilterCondition& condition) {
  using Comparison = FilterCondition::Comparison;
  const char* relation = condition.negated ? " NOT IN (" : " IN (";
  switch (condition.comparison) {
    case Comparison::less: relation = " < "; break;
    case Comparison::lessOrEqual: relation = " <= "; break;
    case Comparison::greater: relation = " > "; break;
    case Comparison::greaterOrEqual: relation = " >= "; break;
    case Comparison::in: break;
  }
  std::string text = tableName(condition.table, program.subject);
  text += program.nameOf(condition);
  text += relation;
  for (uint32_t i = condition.operandBegin; i < condition.operandEnd; ++i)
    text += (i > condition.operandBegin ? ", " : "") + operandText(program, program.operands[i]);
  return condition.comparison == Comparison::in ? text + ")" : text;
}

}  // namespace

void addVerdict(const Status& status, const FilterHint& hint, nlohmann::ordered_json& line) {
  line["valid"] = status.ok();
  line["error"] = nullptr;
  line["column"] = nullptr;
  if (status.ok()) return;
  std::string what = status.error().what;
  if (!hint.meant.empty()) what += "; did you mean " + std::string(hint.meant) + "?";
  line["error"] = what;
  if (status.error().at != Error::kNowhere) line["column"] = status.error().at;
}

std::vector<std::string> programLines(const FilterProgram& program) {
  std::vector<std::string> lines;
  const auto addSteps = [&](uint32_t begin, uint32_t end) {
    for (uint32_t i = begin; i < end; ++i) {
      const FilterStep& step = program.steps[i];
      const std::string what =
          step.kind == FilterStep::Kind::both     ? "both"
          : step.kind == FilterStep::Kind::either ? "either"
                                                  : conditionText(program, program.conditions[step.condition]);
      lines.push_back("  " + std::to_string(i) + " " + what);
    }
  };
  const char* subject = program.subject == FilterSubject::items     ? " ItemID"
                        : program.subject == FilterSubject::actions ? " ActionID"
                                                                    : " UserID";
  for (const FilterExpression& expression : program.expressions) {
    lines.push_back(std::string(expression.includes ? "INCLUDE" : "EXCLUDE") + subject);
    addSteps(expression.whereBegin, expression.whereEnd);
    if (expression.whereEnd == expression.ifEnd) continue;
    lines.push_back("IF");
    addSteps(expression.whereEnd, expression.ifEnd);
  }
  return lines;
}

}  // namespace attune::trainer
