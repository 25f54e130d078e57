#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/trainer/eval/small_bundle.h"

namespace {

namespace fs = std::filesystem;

std::string textOf(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A folder with the small bundle and two requests, and the command run in it.
struct Folder {
  fs::path path;

  Folder() {
    std::string name = (fs::temp_directory_path() / "attune-recommend-XXXXXX").string();
    path = ::mkdtemp(name.data());
    const std::vector<uint8_t> bundle = attune::trainer::smallBundle();
    write("model.attune", {bundle.begin(), bundle.end()});
    write("in.jsonl", "{\"userId\":\"u\"}\n{\"itemId\":\"a\"}\n");
  }
  ~Folder() { fs::remove_all(path); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name, std::ios::binary) << text;
  }
  /// The exit code; standard output and error are in the files out and err.
  int run(const std::string& options) const {
    const std::string command =
        "cd '" + path.string() + "' && '" ATTUNE_BINARY "' recommend " + options + " >out 2>err";
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string out() const { return textOf(path / "out"); }
  std::string err() const { return textOf(path / "err"); }
};

constexpr const char* kGolden =
    R"({"input":{"userId":"u"},"output":{"recommendedItems":["a","b"],"scores":[0.001,0.00080000004]},"error":null})"
    "\n"
    R"({"input":{"itemId":"a"},"output":{"recommendedItems":["d","c"],"scores":[0.5004,0.2506]},"error":null})"
    "\n";

}  // namespace

TEST_CASE("attune recommend writes a file, and a summary to standard error") {
  const Folder folder;
  REQUIRE(folder.run("--bundle model.attune --input in.jsonl --output o.jsonl --num-results 2") ==
          0);
  CHECK(textOf(folder.path / "o.jsonl") == kGolden);
  CHECK(folder.out().empty());
  CHECK_THAT(folder.err(), Catch::Contains("2 lines, 0 with an error"));
}

TEST_CASE("attune recommend works in a pipe") {
  const Folder folder;
  REQUIRE(folder.run("--bundle model.attune --num-results 2 --input - --output - <in.jsonl") == 0);
  CHECK(folder.out() == kGolden);
}

TEST_CASE("attune recommend --json prints its summary as one document") {
  const Folder folder;
  REQUIRE(folder.run("--bundle model.attune --input in.jsonl --output o.jsonl --json") == 0);
  CHECK_THAT(folder.out(), Catch::StartsWith(R"({"lines":2,"answered":2,"errors":0,)"));
  CHECK(folder.err().empty());
  CHECK(folder.run("--bundle model.attune --input in.jsonl --json") == 2);
}

TEST_CASE("attune recommend ends with 2 and leaves the old output when it cannot begin") {
  const Folder folder;
  folder.write("o.jsonl", "old");
  folder.write("broken.attune", "not a bundle at all, but long enough to be read as one");
  const std::string rest = " --input in.jsonl --output o.jsonl";
  CHECK(folder.run("--bundle missing.attune" + rest) == 2);
  CHECK_THAT(folder.err(), Catch::Contains("cannot read missing.attune"));
  CHECK(folder.run("--bundle broken.attune" + rest) == 2);
  CHECK_THAT(folder.err(), Catch::Contains("broken.attune"));
  CHECK(folder.run("--bundle ." + rest) == 2);
  CHECK(folder.run("--bundle model.attune --input missing.jsonl --output o.jsonl") == 2);
  CHECK(folder.run("--bundle model.attune --store missing.db" + rest) == 2);
  CHECK(folder.run("--bundle model.attune --filter 'EXCLUDE ItemID WERE x'" + rest) == 2);
  CHECK_THAT(folder.err(), Catch::Contains("\n                 ^"));
  CHECK(textOf(folder.path / "o.jsonl") == "old");
}
