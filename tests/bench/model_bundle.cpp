// Writes a user-personalization bundle of random weights (random_model.h), for inference.mjs.
//   bench_model_bundle OUTPUT ITEMS [DIMENSION] [HISTORY] [codes]
//   bench_model_bundle OUTPUT rehearsal
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/bench/random_model.h"
#include "trainer/base/files.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr,
                 "usage: bench_model_bundle OUTPUT ITEMS [DIMENSION] [HISTORY] [codes]\n"
                 "       bench_model_bundle OUTPUT rehearsal\n");
    return 2;
  }
  attune::bench::RandomModel model;
  if (std::string_view(argv[2]) == "rehearsal")
    model = attune::bench::RandomModel::rehearsal();
  else
    model.items = static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10));
  if (argc > 3) model.dimension = std::strtoul(argv[3], nullptr, 10);
  model.codes = argc > 5 && std::string_view(argv[5]) == "codes";
  if (argc > 4) model.history = std::strtoul(argv[4], nullptr, 10);
  const std::vector<uint8_t> bytes = model.bundle();
  attune::trainer::writeFileAtomically(argv[1],
                                       {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return 0;
}
