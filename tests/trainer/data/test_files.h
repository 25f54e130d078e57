#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace attune::trainer {

/// A folder that is gone when the test ends.
class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "attune-test-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string file(const std::string& name) const { return path_ + "/" + name; }
  /// Writes a file and returns its path.
  std::string write(const std::string& name, std::string_view bytes) const {
    std::ofstream(file(name), std::ios::binary) << bytes;
    return file(name);
  }
  size_t fileCount() const {
    const std::filesystem::directory_iterator all(path_);
    return static_cast<size_t>(std::distance(begin(all), end(all)));
  }

 private:
  std::string path_;
};

inline std::string readFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A schema of `fields` (JSON objects joined by commas).
inline std::string schemaJson(const std::string& name, const std::string& fields) {
  return R"({"type":"record","name":")" + name +
         R"(","namespace":"com.amazonaws.personalize.schema","fields":[)" + fields +
         R"(],"version":"1.0"})";
}

inline constexpr const char* kRequiredFields =
    R"({"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},)"
    R"({"name":"TIMESTAMP","type":"long"})";

/// USER_ID, ITEM_ID, TIMESTAMP, EVENT_TYPE, EVENT_VALUE (nullable).
inline std::string interactionsJson() {
  return schemaJson("Interactions", std::string(kRequiredFields) +
                                        R"(,{"name":"EVENT_TYPE","type":["string","null"]},)"
                                        R"({"name":"EVENT_VALUE","type":["null","float"]})");
}

/// ITEM_ID, GENRES (categorical), YEAR, PRICE, FREE, TITLE.
inline std::string itemsJson() {
  return schemaJson(
      "Items", R"({"name":"ITEM_ID","type":"string"},)"
               R"({"name":"GENRES","type":["null","string"],"categorical":true},)"
               R"({"name":"YEAR","type":["null","int"]},{"name":"PRICE","type":["null","float"]},)"
               R"({"name":"FREE","type":["null","boolean"]},)"
               R"({"name":"TITLE","type":["null","string"]})");
}

}  // namespace attune::trainer
