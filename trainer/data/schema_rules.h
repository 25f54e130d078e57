#pragma once

#include <string>

#include "trainer/data/avro_schema.h"

namespace attune::trainer {

/// Checks what Personalize asks of the fields together: required and reserved fields, flags,
/// unique names. Throws UserError that begins with `where`.
void checkSchemaRules(const AvroSchema& schema, const std::string& where);

}  // namespace attune::trainer
