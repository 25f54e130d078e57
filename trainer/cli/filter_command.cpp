#include "trainer/cli/filter_command.h"

#include <deque>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"
#include "trainer/cli/filter_editor.h"
#include "trainer/cli/filter_text.h"
#include "trainer/data/avro_schema.h"
#include "trainer/data/dataset_loader.h"
#include "trainer/eval/served_bundle.h"

namespace attune::trainer {
namespace {

using nlohmann::ordered_json;

struct FilterCommand {
  std::string expression;
  std::string bundle;
  std::vector<std::string> schemas;
  std::string input;
  bool compatible = false;
  std::optional<std::string> save;
  std::optional<std::string> remove;
  bool list = false;
  std::string output;
};

FilterFieldType typeOf(const SchemaField& field) {
  switch (field.type) {
    case FieldType::string: break;
    case FieldType::boolean: return FilterFieldType::boolean;
    default: return FilterFieldType::number;
  }
  if (field.textual) return FilterFieldType::textual;
  return field.categorical ? FilterFieldType::category : FilterFieldType::text;
}

/// Judges expressions by what is known of the fields.
class Judge {
 public:
  explicit Judge(const FilterCommand& command) : command_(command) {
    if (!command.bundle.empty()) served_.emplace(ServedBundle::read(command.bundle));
    for (const std::string& path : command.schemas) schemas_.push_back(loadAvroSchema(path));
  }

  /// The verdict on one expression as a JSON object; `problem` gets the words for people.
  ordered_json judge(const std::string& expression, bool itemAttributes,
                     std::string& problem) const {
    FilterHint hint;
    ordered_json verdict = {{"expr", expression}};
    auto program = itemAttributes ? parserOf(expression).parseItemAttributes()
                                  : parserOf(expression).parse();
    Status status;
    FilterFields fields;
    if (!program.ok()) {
      status = program.error();
    } else {
      fields = fieldsFor(program.value().subject);
      status = checkFilter(program.value(), fields, language(), hint);
    }
    addVerdict(status, hint, verdict);
    if (status.ok())
      verdict["program"] = programLines(program.value());
    else
      problem = describeMistake(expression, status.error(), hint);
    return verdict;
  }

 private:
  FilterLanguage language() const {
    return command_.compatible ? FilterLanguage::compatible : FilterLanguage::extended;
  }
  FilterParser parserOf(const std::string& expression) const {
    return FilterParser(expression, language());
  }

  FilterFields fieldsFor(FilterSubject subject) const {
    FilterFields fields(subject);
    fields.takeAnyContext(true);
    bool ok = fields.addEventFields().ok();
    if (served_) {
      const FilterFields& known = served_->engine().filterFields();
      fields.takeAnyContext(known.takesAnyContext());
      for (uint32_t i = 0; i < known.size(); ++i) {
        const bool isNew = known[i].table == FilterTable::interactions
                               ? fields.find(known[i].table, known[i].name) == FilterFields::kNone
                               : subject == FilterSubject::items;
        if (isNew) ok = ok && fields.add(known[i]).ok();
      }
    }
    for (const AvroSchema& schema : schemas_) {
      if (schema.type == DatasetType::interactions) {
        ok = ok && addContext(schema, fields);
        continue;
      }
      const bool isSubject = (schema.type == DatasetType::items && subject == FilterSubject::items) ||
                             (schema.type == DatasetType::users && subject == FilterSubject::users);
      if (!isSubject && schema.type != DatasetType::users) continue;
      for (const SchemaField& field : schema.fields) {
        const bool isId = field.name == "ITEM_ID" || field.name == "USER_ID";
        ok = ok && fields.add({isSubject ? FilterTable::subject : FilterTable::currentUser,
                               isId ? FilterFieldType::id : typeOf(field), field.name}).ok();
      }
    }
    if (!ok) throw std::bad_alloc();
    return fields;
  }

  /// The interactions' own columns.
  static bool addContext(const AvroSchema& schema, FilterFields& fields) {
    fields.takeAnyContext(false);
    bool ok = true;
    for (const SchemaField& field : schema.fields)
      if (isContextColumn(field.name))
        ok = ok && fields.add({FilterTable::interactions, typeOf(field), field.name}).ok();
    return ok;
  }

  const FilterCommand& command_;
  std::optional<ServedBundle> served_;
  std::deque<AvroSchema> schemas_;
};

/// The expression of an input line: its "expr", or the line as it is.
std::string expressionOf(const std::string& line, bool& itemAttributes) {
  const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return line;
  if (!json.contains("expr") || !json["expr"].is_string())
    throw UserError("--input: a line without \"expr\": " + line.substr(0, 100));
  itemAttributes = json.value("kind", "").rfind("itemAttributes", 0) == 0;
  return json["expr"];
}

void runFilter(const FilterCommand& command) {
  const std::string& output = command.output.empty() ? command.bundle : command.output;
  const FilterEditor editor{command.bundle, output, command.compatible};
  if (command.list) return editor.list();
  if (command.remove) return editor.remove(*command.remove);
  if (command.save) return editor.save(*command.save, command.expression);
  if (!command.output.empty()) throw UserError("--output goes with --save or --remove");
  if (command.expression.empty() == command.input.empty())
    throw UserError("one of EXPR and --input is wanted: attune filter 'EXCLUDE ItemID WHERE "
                    "Items.PRICE > 20'");
  const Judge judge(command);
  std::string problem;
  if (!command.expression.empty()) {
    std::cout << judge.judge(command.expression, false, problem).dump() << '\n';
    if (!problem.empty()) throw UserError("not a valid filter: " + problem);
    return;
  }
  std::ifstream file;
  if (command.input != "-") file = openForReading(command.input);
  std::istream& in = command.input == "-" ? std::cin : file;
  for (std::string line; std::getline(in, line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    bool itemAttributes = false;
    const std::string expression = expressionOf(line, itemAttributes);
    std::cout << judge.judge(expression, itemAttributes, problem).dump() << '\n';
  }
}

}  // namespace

void addFilterCommand(CLI::App& app, std::function<void()>& run) {
  CLI::App* command = app.add_subcommand(
      "filter", "Judge filter expressions: a JSON object each, with the compiled program");
  auto options = std::make_shared<FilterCommand>();
  auto* expression =
      command->add_option("EXPR", options->expression, "The expression; in quotes for the shell");
  auto* input = command->add_option("--input", options->input,
                                    "File of expressions instead, one a line, plain or as "
                                    "{\"expr\": ...}; - for standard input");
  auto* bundle = command->add_option("--bundle", options->bundle, "Whose fields there are");
  auto* schema = command->add_option("--schema", options->schemas,
                                     "Avro schemas of items, users and interactions, instead of a "
                                     "bundle; without either every field is taken");
  schema->allow_extra_args(false);
  command->add_flag("--compatible", options->compatible, "Accept exactly what Personalize accepts");
  auto* save = command->add_option("--save", options->save,
                                   "Keep EXPR in the bundle under this name, in place of an older "
                                   "one; nothing is trained");
  auto* remove = command->add_option("--remove", options->remove,
                                     "Take the filter of this name out of the bundle");
  auto* list =
      command->add_flag("--list", options->list, "Print the bundle's filters, with verdicts");
  auto* output = command->add_option(
      "--output", options->output, "The changed bundle; without it, the bundle itself is replaced");
  save->needs(bundle, expression)->excludes(remove, list, input, schema);
  remove->needs(bundle)->excludes(list, expression, input, schema);
  list->needs(bundle)->excludes(expression, input, schema, output);
  command->callback([options, &run] { run = [options] { runFilter(*options); }; });
}

}  // namespace attune::trainer
