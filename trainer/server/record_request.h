#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "trainer/data/avro_schema.h"
#include "trainer/data/rows.h"

namespace attune::trainer {

/// Personalize's PutItems or PutUsers, by the schema's type: rows of the schema, at least one.
/// Nothing or everything: throws ApiError, 400 for the first fault, 404 when `datasetArn` names
/// another kind of dataset or `schema` is null because the store has none.
RowBatch readPutRecords(std::string_view body, DatasetType type, const AvroSchema* schema,
                        int64_t nowSeconds);

}  // namespace attune::trainer
