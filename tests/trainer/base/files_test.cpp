#include "trainer/base/files.h"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "trainer/base/errors.h"

using namespace attune::trainer;
using Catch::Matchers::Contains;

namespace {

struct Folder {
  std::string path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "attune-test-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  bool isEmpty() const { return std::filesystem::is_empty(path); }
};

}  // namespace

TEST_CASE("an atomic file appears when it is committed, and replaces an older one") {
  const Folder folder;
  const std::string path = folder.path + "/f";
  {
    AtomicFile file(path);
    file.write(std::string(200'000, 'x'));
    CHECK_FALSE(std::filesystem::exists(path));
    file.commit();
  }
  CHECK(readTextFile(path, 1 << 20) == std::string(200'000, 'x'));
  writeFileAtomically(path, "new");
  CHECK(readTextFile(path, 3) == "new");
}

TEST_CASE("an atomic file that is not committed leaves nothing") {
  const Folder folder;
  { AtomicFile(folder.path + "/f").write("x"); }
  CHECK(folder.isEmpty());
}

TEST_CASE("files that cannot be written or read are told by name and reason") {
  const Folder folder;
  CHECK_THROWS_WITH(AtomicFile(folder.path + "/no/f"),
                    Contains("/no/f") && Contains("No such file"));
  CHECK_THROWS_WITH(writeFileAtomically("/proc/f", "x"), Contains("cannot write /proc/f"));
  std::filesystem::create_directory(folder.path + "/taken");
  CHECK_THROWS_AS(writeFileAtomically(folder.path + "/taken", "x"), UserError);
  CHECK_THROWS_WITH(readTextFile(folder.path + "/none", 10), Contains("No such file"));
  CHECK_THROWS_WITH(readTextFile(folder.path, 10), Contains("is a folder"));
  writeFileAtomically(folder.path + "/f", "12345");
  CHECK_THROWS_WITH(readTextFile(folder.path + "/f", 4), Contains("longer than the 4 bytes"));
}
