#pragma once

#include "runtime/serve/filter.h"

namespace attune {

/// Finds out what the conditions of a filter compare with in one request: the placeholders' values,
/// the current item's and the current user's. Fills scratch.conditions and what they point into.
class FilterResolver {
 public:
  FilterResolver(const FilterProgram& program, const FilterRows& rows, const FilterRequest& request,
                 FilterScratch& scratch)
      : program_(program), rows_(rows), request_(request), scratch_(scratch) {}

  enum class Part : uint8_t { all, fixed, open };  ///< of expressions: see FilterExpression::isFixed

  /// Errors: as of Filter::run.
  Status resolve(Part part);

 private:
  Status resolve(const FilterCondition& condition, bool mayLack, ResolvedCondition& resolved);
  Status collect(const FilterCondition& condition, const FilterOperand& operand,
                 ResolvedCondition& resolved);
  Status collectField(const FilterCondition& condition, const FilterOperand& operand);
  Status addText(const FilterCondition& condition, const FilterOperand& operand,
                 std::string_view text);
  Status addNumber(const FilterCondition& condition, double number);
  Status addRows(const ResolvedCondition& resolved);
  Status fillTable(const FilterCondition& condition, ResolvedCondition& resolved);
  Status askUser(const FilterCondition& condition, ResolvedCondition& resolved) const;

  const FilterProgram& program_;
  const FilterRows& rows_;
  const FilterRequest& request_;
  FilterScratch& scratch_;
};

/// Whether a number stands in the condition's relation to one of the numbers.
bool compares(FilterCondition::Comparison comparison, double x, std::span<const double> numbers);

/// Whether what an application says, as text, of a user or an event is what a condition asks for,
/// its negation aside: in a categorical field one of the values between '|'. Empty is nothing.
bool textHolds(const FilterCondition& condition, std::string_view text,
               std::span<const std::string_view> texts, std::span<const double> numbers);

/// Calls visit(value) for the parts of a text between '|'.
template <typename Visit>
void forParts(std::string_view text, const Visit& visit) {
  while (!text.empty()) {
    const size_t end = text.find('|');
    const std::string_view part = text.substr(0, end);
    if (!part.empty()) visit(part);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
}

}  // namespace attune
