#include "trainer/data/quarantine.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

namespace attune::trainer {

void Quarantine::add(const BadRow& row) {
  if (!file_) file_ = std::make_unique<AtomicFile>(path_);
  if (count_++ == 0)
    first_ =
        row.file + ":" + std::to_string(row.row) + ": column " + row.column + ": " + row.reason;
  nlohmann::ordered_json line;
  line["file"] = row.file;
  line["row"] = row.row;
  line["byteOffset"] = row.byteOffset;
  line["column"] = row.column;
  line["reason"] = row.reason;
  line["excerpt"] = std::string(row.raw.substr(0, kExcerptBytes));
  // Bad rows may hold bytes that are no text: they become U+FFFD.
  file_->write(line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

void Quarantine::finishQuietly() noexcept {
  try {
    finish();
  } catch (...) {  // see the header: the caller is already failing
    file_.reset();
  }
}

void Quarantine::finish() {
  if (!file_ && ::access(path_.c_str(), F_OK) == 0) file_ = std::make_unique<AtomicFile>(path_);
  if (file_) file_->commit();
  file_.reset();
}

}  // namespace attune::trainer
