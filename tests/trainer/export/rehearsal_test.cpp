// The bundle in the package that Workers open when they are imported (js/src/rehearsal.ts).
#include <catch2/catch.hpp>
#include <string>

#include "tests/bench/random_model.h"
#include "trainer/base/files.h"
#include "trainer/export/ed25519.h"

using namespace attune::trainer;
using attune::bench::RandomModel;

TEST_CASE("the bundle that Workers rehearse with is what would be written today") {
  const std::string wanted = toBase64(RandomModel::rehearsal().bundle());
  const std::string path = ATTUNE_SOURCE "/js/src/rehearsal-bundle.ts";
  INFO(path << ": put in what bench_model_bundle OUTPUT rehearsal && base64 -w0 OUTPUT says");
  CHECK(readTextFile(path, 1 << 16).find("'" + wanted + "'") != std::string::npos);
}
