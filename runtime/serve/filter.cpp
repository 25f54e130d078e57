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

Status Filter::run(const FilterRows& rows, const FilterRequest& request,
                   FilterScratch& scratch) const {
  auto runner = start(rows, request, scratch);
  ATTUNE_TRY(runner);
  runner.value().judge(0, rows.ids.size());
  return {};
}

Result<FilterRunner> Filter::start(const FilterRows& rows, const FilterRequest& request,
                                   FilterScratch& scratch) const {
  ATTUNE_TRY(FilterResolver(program_, rows, request, scratch).resolve());
  FilterRunner runner(program_, rows, request.session, scratch);
  ATTUNE_TRY(runner.start());
  return runner;
}

Result<bool> Filter::passesUnknown(std::string_view id, const FilterRows& rows,
                                   const FilterRequest& request, FilterScratch& scratch) const {
  ATTUNE_TRY(FilterResolver(program_, rows, request, scratch).resolve());
  return FilterRunner(program_, rows, request.session, scratch).passesUnknown(id);
}

Result<bool> Filter::passesUser(uint32_t user, const FilterRows& rows,
                                const FilterRequest& request, FilterScratch& scratch) const {
  ATTUNE_TRY(FilterResolver(program_, rows, request, scratch).resolve());
  return FilterRunner(program_, rows, request.session, scratch).passesUser(user);
}

}  // namespace attune
