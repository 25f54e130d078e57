#include "runtime/serve/filter.h"

#include "runtime/serve/filter_resolver.h"
#include "runtime/serve/filter_runner.h"

namespace attune {

Result<Filter> Filter::compile(std::string_view expression, const FilterFields& fields,
                               FilterLanguage language, FilterHint& hint) {
  auto program = FilterParser(expression, language).parse();
  ATTUNE_TRY(program);
  ATTUNE_TRY(checkFilter(program.value(), fields, language, hint));
  return Filter(std::move(program.value()));
}

Result<Filter> Filter::compileItemAttributes(std::string_view query, const FilterFields& fields,
                                             FilterLanguage language, FilterHint& hint) {
  auto program = FilterParser(query, language).parseItemAttributes();
  ATTUNE_TRY(program);
  ATTUNE_TRY(checkFilter(program.value(), fields, language, hint));
  return Filter(std::move(program.value()));
}

Status Filter::prepare(const FilterRows& rows) {
  for (FilterExpression& expression : program_.expressions) {
    expression.isFixed = true;
    for (uint32_t i = expression.whereBegin; i < expression.whereEnd; ++i) {
      const FilterStep& step = program_.steps[i];
      if (step.kind != FilterStep::Kind::condition) continue;
      const FilterCondition& condition = program_.conditions[step.condition];
      expression.isFixed &= condition.table == FilterTable::subject;
      for (uint32_t j = condition.operandBegin; j < condition.operandEnd; ++j)
        expression.isFixed &= program_.operands[j].kind <= FilterOperand::Kind::number;
    }
  }
  FilterScratch scratch;
  ATTUNE_TRY(FilterResolver(program_, rows, {}, scratch).resolve(FilterResolver::Part::fixed));
  return FilterRunner(program_, rows, nullptr, scratch).prepare(program_);
}

Status Filter::run(const FilterRows& rows, const FilterRequest& request,
                   FilterScratch& scratch) const {
  auto runner = start(rows, request, scratch);
  ATTUNE_TRY(runner);
  runner.value().judge(0, rows.ids.size());
  return {};
}

Result<FilterRunner> Filter::start(const FilterRows& rows, const FilterRequest& request,
                                   FilterScratch& scratch) const {
  ATTUNE_TRY(FilterResolver(program_, rows, request, scratch).resolve(FilterResolver::Part::open));
  FilterRunner runner(program_, rows, request.session, scratch);
  ATTUNE_TRY(runner.start());
  return runner;
}

Result<bool> Filter::passesItem(std::string_view id, const FilterRows& rows,
                                const FilterRequest& request, FilterScratch& scratch) const {
  ATTUNE_TRY(FilterResolver(program_, rows, request, scratch).resolve(FilterResolver::Part::all));
  return FilterRunner(program_, rows, request.session, scratch).passesItem(rows.ids.find(id), id);
}

Result<bool> Filter::passesUser(uint32_t user, const FilterRows& rows,
                                const FilterRequest& request, FilterScratch& scratch) const {
  ATTUNE_TRY(FilterResolver(program_, rows, request, scratch).resolve(FilterResolver::Part::all));
  return FilterRunner(program_, rows, request.session, scratch).passesUser(user);
}

}  // namespace attune
