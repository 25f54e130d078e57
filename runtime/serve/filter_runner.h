#pragma once

#include "runtime/serve/filter.h"

namespace attune {

/// Runs a program over the rows that are asked for, with the conditions resolved in
/// scratch.conditions. One runner at a time on one scratch. A condition about events holds for a
/// row if the user has an event with it that it holds for, and what stands beside it in one
/// expression must hold for the same event.
class FilterRunner {
 public:
  FilterRunner(const FilterProgram& program, const FilterRows& rows, const Session* session,
               FilterScratch& scratch)
      : program_(program), rows_(rows), session_(session), scratch_(scratch) {}

  /// Comes first. Error: OutOfMemory.
  Status start();
  /// Fills scratch.passes for the rows from `begin` to `end`. REQUIRES: end <= rows
  void judge(uint32_t begin, uint32_t end);
  /// Whether a row passes that has an id and no values. Error: OutOfMemory.
  Result<bool> passesUnknown(std::string_view id);
  /// Whether a row passes whose events are all those of the session. Error: OutOfMemory.
  Result<bool> passesUser(uint32_t row);

 private:
  /// One row, perhaps with one of its events.
  struct Case {
    uint32_t row = kUnknownItem;
    std::string_view id;  ///< of an unknown row
    const SessionEvent* event = nullptr;
  };

  /// Whether one row passes, given which events are with it.
  template <typename IsWith>
  Result<bool> passes(const Case& alone, const IsWith& isWith);
  bool takesPart(const FilterExpression& expression);
  bool holds(const FilterExpression& expression, const Case& one);
  bool holds(uint32_t begin, uint32_t end, const Case& one);
  bool holds(const FilterCondition& condition, const ResolvedCondition& resolved, const Case& one);
  bool holdsForRow(const FilterCondition& condition, const ResolvedCondition& resolved,
                   const Case& one);
  bool holdsForEvent(const FilterCondition& condition, const ResolvedCondition& resolved,
                     const SessionEvent& event) const;

  void judgeBlock(uint32_t begin, uint32_t count);
  void markEvents(const FilterExpression& expression, uint8_t* marks);
  /// The lowest block of scratch.stack: where the expression holds for rows as rows without events.
  void fillBlock(const FilterExpression& expression, uint32_t begin, uint32_t count);
  void fill(const FilterCondition& condition, const ResolvedCondition& resolved, uint32_t begin,
            uint32_t count, uint8_t* out) const;
  void fillNumbers(const FilterCondition& condition, const ResolvedCondition& resolved,
                   uint32_t begin, uint32_t count, uint8_t* out) const;
  bool mayHoldWithoutEvent(const FilterExpression& expression);

  std::span<const SessionEvent> events() const {
    return session_ == nullptr ? std::span<const SessionEvent>() : session_->events();
  }
  std::span<const std::string_view> texts(const ResolvedCondition& resolved) const {
    return scratch_.texts.span().subspan(resolved.textBegin, resolved.textEnd - resolved.textBegin);
  }
  std::span<const double> numbers(const ResolvedCondition& resolved) const {
    return scratch_.numbers.span().subspan(resolved.numberBegin,
                                           resolved.numberEnd - resolved.numberBegin);
  }

  const FilterProgram& program_;
  FilterRows rows_;
  const Session* session_;
  FilterScratch& scratch_;
  bool includes_ = false;  // whether an INCLUDE takes part
};

}  // namespace attune
