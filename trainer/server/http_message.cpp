#include "trainer/server/http_message.h"

namespace attune::trainer {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

std::string lowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

/// A header that the server writes; a line break in it would let a client write headers of its own.
template <typename Response>
void setHeader(Response& response, const std::string& name, const std::string& value) {
  if (value.find_first_of("\r\n") == std::string::npos) response.set(name, value);
}

template <typename Response>
Response headOf(const HttpReply& from, bool keepAlive) {
  Response response(static_cast<http::status>(from.status), 11);
  if (!from.contentType.empty()) setHeader(response, "Content-Type", from.contentType);
  for (const auto& [name, value] : from.headers) setHeader(response, name, value);
  response.keep_alive(keepAlive);
  return response;
}

}  // namespace

HttpRequest toRequest(BeastRequest&& from, const std::string& address) {
  HttpRequest request;
  request.method = std::string(from.method_string());
  const std::string target(from.target());
  const size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string::npos) request.query = target.substr(mark + 1);
  for (const auto& field : from) {
    const auto name = field.name_string();
    const auto value = field.value();
    request.headers.emplace_back(lowerCase({name.data(), name.size()}),
                                 std::string(value.data(), value.size()));
  }
  request.body = std::move(from.body());
  request.address = address;
  return request;
}

BeastResponse toResponse(HttpReply&& from, bool keepAlive) {
  auto response = headOf<BeastResponse>(from, keepAlive);
  response.body() = std::move(from.body);
  const bool hasLength = from.status != 204 && from.status != 304;  // which have no body
  if (hasLength) response.prepare_payload();
  if (hasLength && from.headBytes) response.content_length(*from.headBytes);
  return response;
}

BeastFileResponse toFileResponse(HttpReply&& from, bool keepAlive) {
  auto response = headOf<BeastFileResponse>(from, keepAlive);
  beast::file_posix file;
  file.native_handle(from.file->release());
  beast::error_code error;
  response.body().reset(std::move(file), error);
  response.content_length(error ? 0 : response.body().size());
  return response;
}

}  // namespace attune::trainer
