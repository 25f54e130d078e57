#pragma once

#include <optional>

#include "trainer/data/store.h"

namespace attune::trainer {

/// Where a stored row came from, as the stores write it.
inline constexpr int64_t kSourceBulk = 0;  ///< an import
inline constexpr int64_t kSourcePut = 1;   ///< a single record, put by the API

/// Throws UserError when an import of `given` does not go with what is stored: an incremental one
/// adds to rows of the stored schema, and a full one keeps the single records (`hasPutRows`).
void checkSchemaOfImport(const std::optional<AvroSchema>& stored, const AvroSchema& given,
                         ImportMode mode, bool hasPutRows);

}  // namespace attune::trainer
