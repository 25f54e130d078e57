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

  /// Instead of all others, with the fixed part resolved: fills program.bits, which is that of this
  /// runner. Error: OutOfMemory.
  Status prepare(FilterProgram& program);
  /// Comes first. Error: OutOfMemory.
  Status start();
  /// Fills scratch.passes for the rows from `begin` to `end`. REQUIRES: end <= rows, begin % 8 == 0
  void judge(uint32_t begin, uint32_t end);
  /// Instead of judge(): puts the rows that pass into `rows`, in no order, if it is plain that only
  /// some the filter names can (INCLUDE by id or by events) and these are few. Else false. Error:
  /// OutOfMemory.
  Result<bool> judgeFew(Buffer<uint32_t>& rows);
  /// Whether a row passes; kUnknownItem has an id and no values. Error: OutOfMemory.
  Result<bool> passesItem(uint32_t row, std::string_view id);
  /// Whether a row passes whose events are all those of the session. Error: OutOfMemory.
  Result<bool> passesUser(uint32_t row);

 private:
  static constexpr uint32_t kBlock = 2048;

  /// Of an expression: its WHERE, its IF; or whether its WHERE could hold for a row without events,
  /// or for one that no condition names.
  enum class Question : uint8_t { holds, ifHolds, mayHoldWithoutEvent, mayHoldUnnamed };

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
  /// What AND and OR make of what is asked of each condition.
  bool ask(Question question, const FilterExpression& expression, const Case& one);
  /// Whether a condition holds for rows alone that it names, by id or by an event.
  static bool namesRows(const FilterCondition& condition);
  Status reserve();
  /// What fillSeveral() works in, for a block or a single row.
  Status reserveLists();
  bool holds(const FilterCondition& condition, const ResolvedCondition& resolved, const Case& one);
  bool holdsForRow(const FilterCondition& condition, const ResolvedCondition& resolved,
                   const Case& one);
  bool holdsForEvent(const FilterCondition& condition, const ResolvedCondition& resolved,
                     const SessionEvent& event) const;

  void judgeBlock(uint32_t begin, uint32_t count);
  void markEvents(const FilterExpression& expression, uint8_t* marks);
  /// The lowest block of scratch.stack: where the expression holds for rows as rows without events.
  void fillBlock(const FilterExpression& expression, uint32_t begin, uint32_t count);
  /// Puts bits of a prepared expression there as bytes, eight at a time. REQUIRES: begin % 8 == 0 or
  /// count == 1
  void spread(const FilterExpression& expression, uint32_t begin, uint32_t count);
  void fill(const FilterCondition& condition, const ResolvedCondition& resolved, uint32_t begin,
            uint32_t count, uint8_t* out) const;
  void fillNumbers(const FilterCondition& condition, const ResolvedCondition& resolved,
                   uint32_t begin, uint32_t count, uint8_t* out) const;

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
