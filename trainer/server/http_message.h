#pragma once

#include <boost/beast/http.hpp>
#include <string>

#include "trainer/server/http.h"

// Between Boost.Beast's messages and ours.

namespace attune::trainer {

using BeastRequest = boost::beast::http::request<boost::beast::http::string_body>;
using BeastResponse = boost::beast::http::response<boost::beast::http::string_body>;
using BeastFileResponse = boost::beast::http::response<boost::beast::http::file_body>;

HttpRequest toRequest(BeastRequest&& from, const std::string& address);
BeastResponse toResponse(HttpReply&& from, bool keepAlive);
/// The same for a reply with a file. REQUIRES: from.file.
BeastFileResponse toFileResponse(HttpReply&& from, bool keepAlive);

}  // namespace attune::trainer
