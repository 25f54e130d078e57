#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "trainer/base/errors.h"

namespace attune::trainer {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// A request, read completely.
struct HttpRequest {
  std::string method;
  std::string path;     ///< without the query
  std::string query;    ///< what stands behind the ?
  HttpHeaders headers;  ///< names in lower case
  std::string body;
  std::string address;  ///< the peer's, as text, without port

  /// The first header of that (lower-case) name, or "".
  std::string_view header(std::string_view name) const {
    for (const auto& [key, value] : headers)
      if (key == name) return value;
    return {};
  }
};

/// A file opened for reading, which stays what it was when its name is taken away.
class OpenFile {
 public:
  /// Null when it cannot be opened.
  static std::shared_ptr<OpenFile> read(const std::string& path);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  uint64_t bytes() const { return bytes_; }
  /// The descriptor, which is the caller's to close from now on.
  int release();

 private:
  OpenFile(int descriptor, uint64_t bytes) : descriptor_(descriptor), bytes_(bytes) {}

  int descriptor_;
  uint64_t bytes_;
};

struct HttpReply {
  int status = 200;
  std::string contentType;  ///< "": no body
  std::string body;
  HttpHeaders headers;
  std::shared_ptr<OpenFile> file;     ///< sent instead of `body`
  std::optional<uint64_t> headBytes;  ///< to HEAD: how long the body of GET is

  void set(std::string name, std::string value) {
    headers.emplace_back(std::move(name), std::move(value));
  }
};

/// Sends the reply to a request; to be called once, from any thread.
using SendReply = std::function<void(HttpReply)>;
/// Called in the server's thread; may answer later. Must not throw.
using HttpHandler = std::function<void(HttpRequest, SendReply)>;

/// A request that is answered by an error: the status, its name among Personalize's (or AWS's)
/// exceptions and one sentence saying what is wrong.
class ApiError : public UserError {
 public:
  ApiError(int status, std::string type, const std::string& message, int retryAfterSeconds = 0)
      : UserError(message),
        status_(status),
        type_(std::move(type)),
        retryAfterSeconds_(retryAfterSeconds) {}
  int status() const { return status_; }
  const std::string& type() const { return type_; }
  int retryAfterSeconds() const { return retryAfterSeconds_; }

 private:
  int status_;
  std::string type_;
  int retryAfterSeconds_;
};

/// 400 InvalidInputException, by far the most frequent error.
inline ApiError invalidInput(const std::string& message) {
  return {400, "InvalidInputException", message};
}

/// The reply of an error, in the form that AWS's clients read.
HttpReply errorReply(const ApiError& error);

}  // namespace attune::trainer
