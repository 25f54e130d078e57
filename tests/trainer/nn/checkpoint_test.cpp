#include "trainer/nn/checkpoint.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"

using namespace attune::trainer;

namespace {

struct TemporaryFile {
  // Tests of this file run side by side, each in a process of its own.
  std::string path = (std::filesystem::temp_directory_path() /
                      ("attune-checkpoint-test-" + std::to_string(getpid())))
                         .string();
  TemporaryFile() { std::filesystem::remove(path); }
  ~TemporaryFile() { std::filesystem::remove(path); }
};

TrainingState someState() {
  TrainingState state;
  state.values = {1, 2, 3};
  state.firstMoments = {4, 5, 6};
  state.secondMoments = {7, 8, 9};
  state.bestValues = {10, 11, 12};
  state.epoch = 3, state.step = 40, state.momentSteps = 39, state.bestEpoch = 2;
  state.bestNdcg = 0.25, state.learningRateFactor = 0.1;
  state.skippedSteps = 1, state.restarts = 2;
  state.curve = {{1, 5.5, 0.1, 0.2}, {2, 4.5, 0.25, 0.3}};
  state.averages = {13, 14, 15};
  return state;
}

}  // namespace

TEST_CASE("a checkpoint gives back the state that was saved") {
  const TemporaryFile file;
  saveCheckpoint(file.path, 77, someState());
  TrainingState state;
  REQUIRE(loadCheckpoint(file.path, 77, state));
  const TrainingState expected = someState();
  CHECK(state.values == expected.values);
  CHECK(state.firstMoments == expected.firstMoments);
  CHECK(state.secondMoments == expected.secondMoments);
  CHECK(state.bestValues == expected.bestValues);
  CHECK(state.epoch == 3);
  CHECK(state.step == 40);
  CHECK(state.momentSteps == 39);
  CHECK(state.bestEpoch == 2);
  CHECK(state.bestNdcg == 0.25);
  CHECK(state.learningRateFactor == 0.1);
  CHECK(state.skippedSteps == 1);
  CHECK(state.restarts == 2);
  CHECK(state.averages == expected.averages);
  REQUIRE(state.curve.size() == 2);
  CHECK(state.curve[1].loss == 4.5);
}

TEST_CASE("no checkpoint is no error, another run's is") {
  const TemporaryFile file;
  TrainingState state;
  CHECK_FALSE(loadCheckpoint(file.path, 77, state));
  saveCheckpoint(file.path, 77, someState());
  CHECK_THROWS_WITH(loadCheckpoint(file.path, 78, state),
                    Catch::Contains("other data or settings"));
}

TEST_CASE("a checkpoint cut short or changed anywhere is refused, and the state left alone") {
  const TemporaryFile file;
  saveCheckpoint(file.path, 77, someState());
  const std::string whole = readTextFile(file.path, 1 << 20);
  TrainingState state;
  const auto refuses = [&](const std::string& bytes) {
    writeFileAtomically(file.path, bytes);
    CHECK_THROWS_AS(loadCheckpoint(file.path, 77, state), UserError);
  };
  for (size_t length = 0; length < whole.size(); length += 7) refuses(whole.substr(0, length));
  for (size_t at = 0; at < whole.size(); at += 5) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x41);
    refuses(changed);
  }
  CHECK(state.values.empty());
}
