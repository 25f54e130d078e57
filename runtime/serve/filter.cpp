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

Status Filter::run(const FilterRows& rows, const FilterRequest& request,
                   FilterScratch& scratch) const {
  ATTUNE_TRY(FilterResolver(program_, rows, request, scratch).resolve());
  return FilterRunner(program_, rows, request.session, scratch).run();
}

Result<bool> Filter::passesUnknown(std::string_view id, const FilterRows& rows,
                                   const FilterRequest& request, FilterScratch& scratch) const {
  ATTUNE_TRY(FilterResolver(program_, rows, request, scratch).resolve());
  return FilterRunner(program_, rows, request.session, scratch).passesUnknown(id);
}

}  // namespace attune
