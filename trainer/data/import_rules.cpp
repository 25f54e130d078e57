#include "trainer/data/import_rules.h"

#include "trainer/base/errors.h"

namespace attune::trainer {

void checkSchemaOfImport(const std::optional<AvroSchema>& stored, const AvroSchema& given,
                         ImportMode mode, bool hasPutRows) {
  const std::string difference = stored ? schemaDifference(*stored, given) : "";
  if (difference.empty()) return;
  const std::string what = "the schema of " + std::string(datasetTypeName(given.type)) +
                           " differs from the stored one: " + difference;
  if (mode == ImportMode::incremental)
    throw UserError(what + ": use the stored schema, or --mode full to replace the data");
  if (hasPutRows)
    throw UserError(what +
                    ": the store holds single records of the stored schema; keep it, or use "
                    "a new store");
}

}  // namespace attune::trainer
