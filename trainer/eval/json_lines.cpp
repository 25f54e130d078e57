#include "trainer/eval/json_lines.h"

#include <memory>
#include <vector>

#include "trainer/base/errors.h"
#include "trainer/data/byte_source.h"

namespace attune::trainer {
namespace {

constexpr size_t kMaxLineBytes = size_t{16} << 20;

/// Splits a file into lines. For one thread.
class LineReader {
 public:
  explicit LineReader(const std::string& file)
      : file_(file), source_(openByteSource(file)), buffer_(size_t{1} << 16) {}

  /// The next line without its end; false at the end of the file.
  bool next(std::string& line) {
    line.clear();
    ++number_;
    for (;;) {
      if (at_ == end_ && !fill()) return !line.empty();
      const char c = buffer_[at_++];
      if (c == '\n') return true;
      if (line.size() == kMaxLineBytes)
        throw UserError(placeOf(file_, number_) + "the line is longer than 16 MiB");
      line.push_back(c);
    }
  }
  uint64_t number() const { return number_; }

 private:
  bool fill() {
    at_ = 0;
    end_ = source_->read(buffer_);
    return end_ > 0;
  }

  std::string file_;
  std::unique_ptr<ByteSource> source_;
  std::vector<char> buffer_;
  size_t at_ = 0;
  size_t end_ = 0;
  uint64_t number_ = 0;  // of the last line
};

nlohmann::json parseObject(const std::string& line, const std::string& place) {
  nlohmann::json object;
  try {
    object = nlohmann::json::parse(line);
  } catch (const nlohmann::json::parse_error& error) {
    throw UserError(place + "not valid JSON (byte " + std::to_string(error.byte) +
                    "); one object a line is wanted");
  } catch (const nlohmann::json::exception&) {  // a number that no double holds
    throw UserError(place + "not valid JSON: a number is out of range");
  }
  if (!object.is_object()) throw UserError(place + "not a JSON object; one a line is wanted");
  return object;
}

}  // namespace

std::string placeOf(const std::string& file, uint64_t line) {
  return file + ":" + std::to_string(line) + ": ";
}

void forEachJsonLine(const std::string& file,
                     const std::function<bool(const nlohmann::json& object, uint64_t line)>& take) {
  LineReader reader(file);
  for (std::string line; reader.next(line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    if (!take(parseObject(line, placeOf(file, reader.number())), reader.number())) return;
  }
}

}  // namespace attune::trainer
