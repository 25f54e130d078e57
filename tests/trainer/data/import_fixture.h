#pragma once

#include <string>
#include <vector>

#include "tests/trainer/data/test_files.h"
#include "trainer/data/importer.h"

namespace attune::trainer {

/// A folder with a schema and a store to import into.
struct ImportFixture {
  TestFolder folder;
  ImportOptions options;

  explicit ImportFixture(DatasetType type = DatasetType::interactions,
                         const std::string& schema = interactionsJson()) {
    options.store = folder.file("s.db");
    options.type = type;
    options.schema = folder.write("schema.avsc", schema);
    options.nowSeconds = 1'700'000'000;
  }

  ImportSummary import(const std::vector<std::string>& files) {
    options.files = files;
    Progress silent("import", {});
    return importFiles(options, silent);
  }
  ImportSummary importText(const std::string& csv) { return import({folder.write("d.csv", csv)}); }
};

inline constexpr const char* kInteractionsHeader =
    "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE\n";

}  // namespace attune::trainer
