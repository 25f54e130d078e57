#include "trainer/server/http.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace attune::trainer {

std::shared_ptr<OpenFile> OpenFile::read(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  struct stat status {};
  const bool isFile = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  std::shared_ptr<OpenFile> file(new OpenFile(descriptor, static_cast<uint64_t>(status.st_size)));
  return isFile ? file : nullptr;
}

OpenFile::~OpenFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

int OpenFile::release() { return std::exchange(descriptor_, -1); }

HttpReply errorReply(const ApiError& error) {
  using Json = nlohmann::ordered_json;
  HttpReply reply;
  reply.status = error.status();
  reply.contentType = "application/json";
  const Json body{{"__type", error.type()}, {"message", error.what()}};
  reply.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  reply.set("x-amzn-errortype", error.type());
  if (error.retryAfterSeconds() > 0)
    reply.set("Retry-After", std::to_string(error.retryAfterSeconds()));
  return reply;
}

}  // namespace attune::trainer
