#pragma once

#include <array>
#include <filesystem>
#include <string>

#include "trainer/data/synthetic.h"

namespace attune::trainer {

/// One file of a written world.
struct SyntheticFile {
  const char* name;  ///< such as "interactions.csv"
  std::string (*render)(const SyntheticWorld&);
};

/// interactions, items and users: a .csv and its Avro schema .avsc each.
extern const std::array<SyntheticFile, 6> kSyntheticFiles;

/// Writes all of them into `folder`, which is made when it is missing; files of the same name are
/// replaced whole or not at all. Throws UserError when the folder cannot be written.
void writeSyntheticWorld(const SyntheticWorld& world, const std::filesystem::path& folder);

}  // namespace attune::trainer
