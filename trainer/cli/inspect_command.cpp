#include "trainer/cli/inspect_command.h"

#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "trainer/eval/served_bundle.h"
#include "trainer/export/filter_writer.h"
#include "trainer/export/sha256.h"

namespace attune::trainer {
namespace {

using nlohmann::ordered_json;

struct InspectOptions {
  std::string path;
  bool json = false;
};

ordered_json sectionJson(const Bundle& bundle, const schema::Section& section) {
  const std::span bytes(bundle.header().data()->data() + section.offset(), section.length());
  const Sha256 hash = sha256(bytes);
  const bool intact = std::equal(hash.begin(), hash.end(), section.sha256()->begin());
  return {{"kind", schema::EnumNameSectionKind(section.kind())},
          {"column", section.column()},
          {"element", schema::EnumNameElement(section.element())},
          {"offset", section.offset()},
          {"bytes", section.length()},
          {"sha256", toHex(hash)},
          {"intact", intact}};
}

ordered_json columnJson(const Catalogue& catalogue, uint32_t index, uint32_t items) {
  const CatalogueColumn& column = catalogue.column(index);
  uint32_t nulls = 0;
  for (uint32_t item = 0; item < items; ++item) nulls += column.isNull(item) ? 1 : 0;
  ordered_json json = {{"name", std::string(column.name)},
                       {"type", schema::EnumNameColumnType(column.type)},
                       {"nulls", nulls}};
  if (column.type == ColumnType::Categorical) json["values"] = column.values.size();
  return json;
}

/// Columns of users, or of requests (context), that the model knows values of.
ordered_json queryColumnsJson(const QueryColumns& columns, QueryKind kind) {
  ordered_json json = ordered_json::array();
  for (uint32_t i = 0; i < columns.size(); ++i)
    if (columns[i].isOf(kind))
      json.push_back({{"name", std::string(columns[i].name)},
                      {"type", schema::EnumNameColumnType(columns[i].type)},
                      {"features", columns[i].rowCount()},
                      {"automatic", isAutomatic(columns[i].kind)}});
  return json;
}

/// What the bundle says of its own making; a bundle of other tools may have none.
ordered_json provenanceJson(const Bundle& bundle) {
  return ordered_json::parse(bundle.provenance(), nullptr, /*allow_exceptions=*/false);
}

ordered_json inspect(const ServedBundle& served) {
  const Engine& engine = served.engine();
  const Bundle& bundle = engine.bundle();
  const std::span<const uint8_t> file = served.bytes();
  ordered_json json = {
      {"recipe", std::string(bundle.recipe())},
      {"model", schema::EnumNameModelKind(bundle.header().model())},
      {"format", std::to_string(bundle.header().format_major()) + "." +
                     std::to_string(bundle.header().format_minor())},
      {"items", bundle.itemCount()},
      {"bytes", file.size()},
      {"sha256", toHex(sha256(file))},
      {"signature", nullptr}};
  json["columns"] = ordered_json::array();
  for (uint32_t i = 0; i < engine.catalogue().columnCount(); ++i)
    json["columns"].push_back(columnJson(engine.catalogue(), i, bundle.itemCount()));
  json["userColumns"] = queryColumnsJson(engine.queryColumns(), QueryKind::User);
  json["contextColumns"] = queryColumnsJson(engine.queryColumns(), QueryKind::Context);
  json["filters"] = ordered_json::array();
  for (const auto& [name, expression] : textsOf(engine.namedFilters()))
    json["filters"].push_back({{"name", name}, {"expr", expression}});
  json["sections"] = ordered_json::array();
  for (const schema::Section* section : *bundle.header().sections())
    json["sections"].push_back(sectionJson(bundle, *section));
  if (const ordered_json provenance = provenanceJson(bundle); !provenance.is_discarded())
    json["provenance"] = provenance;
  return json;
}

std::string describe(const ordered_json& json) {
  std::ostringstream out;
  out << "recipe    " << json["recipe"].get<std::string>() << " (format "
      << json["format"].get<std::string>() << ")\n"
      << "items     " << json["items"] << "\n"
      << "bytes     " << json["bytes"] << "\n"
      << "sha256    " << json["sha256"].get<std::string>() << "\n"
      << "signature none\n\ncolumns\n";
  for (const auto& column : json["columns"])
    out << "  " << std::left << std::setw(24) << column["name"].get<std::string>() << std::setw(12)
        << column["type"].get<std::string>() << " " << column["nulls"] << " null\n";
  for (const char* kind : {"user", "context"})
    for (const auto& column : json[std::string(kind) + "Columns"])
      out << "  " << std::left << std::setw(24) << column["name"].get<std::string>()
          << std::setw(12) << column["type"].get<std::string>() << " " << column["features"]
          << " features, of " << (kind[0] == 'u' ? "users" : "requests")
          << (column["automatic"].get<bool>() ? ", from the time alone" : "") << "\n";
  if (!json["filters"].empty()) out << "\nfilters\n";
  for (const auto& filter : json["filters"])
    out << "  " << std::left << std::setw(24) << filter["name"].get<std::string>() << " "
        << filter["expr"].get<std::string>() << "\n";
  out << "\nsections\n";
  for (const auto& section : json["sections"])
    out << "  " << std::left << std::setw(20) << section["kind"].get<std::string>() << std::setw(5)
        << section["element"].get<std::string>() << std::right << std::setw(10) << section["bytes"]
        << " bytes" << (section["intact"].get<bool>() ? "" : "   DAMAGED: its hash differs") << "\n";
  if (json.contains("provenance")) out << "\nprovenance\n" << json["provenance"].dump(2) << "\n";
  return out.str();
}

}  // namespace

void addInspectCommand(CLI::App& app, std::function<void()>& run) {
  CLI::App* command = app.add_subcommand("inspect", "Show what is in a bundle, and check it");
  auto options = std::make_shared<InspectOptions>();
  command->add_option("bundle", options->path, "The bundle")->required();
  command->add_flag("--json", options->json, "One JSON document");
  command->callback([options, &run] {
    run = [options] {
      const ordered_json json = inspect(ServedBundle::read(options->path));
      std::cout << (options->json ? json.dump(2) + "\n" : describe(json));
    };
  });
}

}  // namespace attune::trainer
