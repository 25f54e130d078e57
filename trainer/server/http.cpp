#include "trainer/server/http.h"

#include <nlohmann/json.hpp>

namespace attune::trainer {

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
