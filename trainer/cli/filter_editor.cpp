#include "trainer/cli/filter_editor.h"

#include <iostream>
#include <new>
#include <nlohmann/json.hpp>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"
#include "trainer/base/suggest.h"
#include "trainer/cli/filter_text.h"
#include "trainer/eval/served_bundle.h"
#include "trainer/export/sha256.h"

namespace attune::trainer {
namespace {

using nlohmann::ordered_json;

constexpr size_t kMaxFileBytes = size_t{16} << 20;

FilterLanguage languageOf(bool compatible) {
  return compatible ? FilterLanguage::compatible : FilterLanguage::extended;
}

void checkName(const std::string& name) {
  if (NamedFilters::isName(name)) return;
  throw UserError("\"" + name +
                  "\" is not a filter's name: 1 to 63 letters, digits, - and _, the "
                  "first one a letter or digit");
}

/// Throws UserError with a mark under the mistake for a filter that cannot be compiled.
void checkFilter(const std::string& name, const std::string& expression, const FilterFields& fields,
                 FilterLanguage language) {
  checkName(name);
  FilterHint hint;
  const auto filter = Filter::compile(expression, fields, language, hint);
  if (!filter.ok())
    throw UserError("the filter " + name +
                    " cannot be kept: " + describeMistake(expression, filter.error(), hint));
}

/// Writes the bundle with other filters and says so in a line of JSON that begins with `line`.
void write(const ServedBundle& served, const FilterTexts& filters, const std::string& path,
           ordered_json line) {
  const auto bytes = withFilters(served.engine().bundle(), served.bytes(), filters);
  const ServedBundle fresh(bytes, "the changed bundle");  // never publish what cannot be opened
  writeFileAtomically(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  line["bundle"] = path;
  line["bytes"] = bytes.size();
  line["sha256"] = toHex(sha256(bytes));
  std::cout << line.dump() << '\n';
}

FilterFieldType typeOf(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::categorical:
      return FilterFieldType::category;
    case ColumnKind::integer:
    case ColumnKind::real:
      return FilterFieldType::number;
    case ColumnKind::boolean:
      return FilterFieldType::boolean;
    case ColumnKind::text:
    case ColumnKind::textual:
      break;
  }
  return FilterFieldType::text;
}

/// The fields that a bundle of this data will have; of users at least those. Borrows the names.
FilterFields fieldsOf(const Dataset& data, const std::set<std::string>& includeText) {
  FilterFields fields;
  bool ok = fields.addEventFields().ok() &&
            fields.add({FilterTable::subject, FilterFieldType::id, "ITEM_ID"}).ok();
  for (const Column& column : data.itemColumns)
    if (typeOf(column.kind) != FilterFieldType::text || includeText.count(column.name) > 0)
      ok = ok && fields.add({FilterTable::subject, typeOf(column.kind), column.name}).ok();
  for (const Column& column : data.userColumns)
    ok = ok && fields.add({FilterTable::currentUser, typeOf(column.kind), column.name}).ok();
  for (const Column& column : data.interactions.columns)
    ok = ok && fields.add({FilterTable::interactions, typeOf(column.kind), column.name}).ok();
  fields.takeAnyContext(data.interactions.columns.empty());
  if (!ok) throw std::bad_alloc();
  return fields;
}

}  // namespace

void FilterEditor::save(const std::string& name, const std::string& expression) const {
  const ServedBundle served = ServedBundle::read(bundle);
  checkFilter(name, expression, served.engine().filterFields(), languageOf(compatible));
  FilterTexts filters = textsOf(served.engine().namedFilters());
  const bool replaced = !filters.insert_or_assign(name, expression).second;
  write(served, filters, output, {{"name", name}, {"expr", expression}, {"replaced", replaced}});
}

void FilterEditor::remove(const std::string& name) const {
  checkName(name);
  const ServedBundle served = ServedBundle::read(bundle);
  const std::string expression = filterExpression(served.engine().namedFilters(), name);
  FilterTexts filters = textsOf(served.engine().namedFilters());
  filters.erase(name);
  write(served, filters, output, {{"name", name}, {"expr", expression}, {"removed", true}});
}

void FilterEditor::list() const {
  const ServedBundle served = ServedBundle::read(bundle);
  for (const auto& [name, expression] : textsOf(served.engine().namedFilters())) {
    ordered_json line = {{"name", name}, {"expr", expression}};
    FilterHint hint;
    const auto filter = served.engine().compileFilter(expression, languageOf(compatible), hint);
    addVerdict(filter.ok() ? Status() : Status(filter.error()), hint, line);
    std::cout << line.dump() << '\n';
  }
}

FilterTexts readFilters(const std::string& path) {
  const auto json =
      nlohmann::json::parse(readTextFile(path, kMaxFileBytes), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object())
    throw UserError(path + ": expected a JSON object of filters, {\"name\": \"expression\"}");
  FilterTexts filters;
  for (const auto& [name, expression] : json.items()) {
    checkName(name);
    if (!expression.is_string())
      throw UserError(path + ": " + name + ": the expression is not a string");
    filters.emplace(name, expression.get<std::string>());
  }
  return filters;
}

void checkFilters(const FilterTexts& filters, const Dataset& data,
                  const std::set<std::string>& includeText) {
  const FilterFields fields = fieldsOf(data, includeText);
  for (const auto& [name, expression] : filters)
    checkFilter(name, expression, fields, FilterLanguage::extended);
}

}  // namespace attune::trainer
