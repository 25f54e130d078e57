#include "trainer/server/routes.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>

#include "trainer/server/inflate.h"
#include "trainer/server/limits.h"
#include "trainer/server/log.h"
#include "trainer/server/origin.h"
#include "trainer/server/request_id.h"

namespace attune::trainer {

/// One line of the table of routes.
struct Routes::Route {
  std::string_view method;
  std::string_view path;    ///< with / at its end: all paths below
  bool isAdminOnly;
  bool isForPages;  ///< pages of other origins may call it: CORS, rate limits
  void (Routes::*answer)(Call&);

  bool isFolder() const { return path.ends_with('/'); }
  bool isOf(std::string_view asked) const {
    return isFolder() ? asked.starts_with(path) : asked == path;
  }
};

const Routes::Route* Routes::find(Side side, std::string_view method, std::string_view path) {
  static constexpr std::array<Route, 8> kRoutes{{
      {"POST", "/events", false, true, &Routes::putEvents},
      {"POST", "/v1/events", false, true, &Routes::postEvents},
      {"POST", "/items", true, false, &Routes::putItems},
      {"POST", "/users", true, false, &Routes::putUsers},
      {"GET", PublishedFiles::kPath, false, false, &Routes::bundles},
      {"GET", "/healthz", false, false, &Routes::health},
      {"GET", "/readyz", false, false, &Routes::readiness},
      {"GET", "/metrics", true, false, &Routes::metrics},
  }};
  for (const Route& route : kRoutes) {
    if (!route.isOf(path) || (route.isAdminOnly && side == Side::open)) continue;
    const bool isPreflight = method == "OPTIONS" && route.isForPages;
    if (route.method == method || isPreflight || (method == "HEAD" && route.method == "GET"))
      return &route;
    throw ApiError(405, "MethodNotAllowedException",
                   std::string(path.substr(0, 100)) + " takes " + std::string(route.method));
  }
  throw ApiError(404, "UnknownOperationException",
                 "there is nothing at " + std::string(path.substr(0, 100)));
}

namespace {

constexpr std::string_view kAllowedHeaders =
    "authorization, content-type, content-encoding, x-amz-date, x-amz-content-sha256, "
    "x-amz-user-agent, amz-sdk-invocation-id, amz-sdk-request, x-amz-target, x-amz-security-token";
constexpr std::string_view kExposedHeaders = "x-amzn-requestid, x-amzn-errortype, retry-after";
constexpr const char* kPreflightSeconds = "7200";
constexpr size_t kAddressChars = 64;

HttpReply textReply(int status, std::string text) {
  HttpReply reply;
  reply.status = status;
  reply.contentType = "text/plain; charset=utf-8";
  reply.body = std::move(text);
  reply.set("Cache-Control", "no-store");
  return reply;
}

bool isSpace(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && isSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && isSpace(text.back())) text.remove_suffix(1);
  return text;
}

/// The media type in small letters, without parameters.
std::string mediaType(std::string_view contentType) {
  std::string type(trimmed(contentType.substr(0, contentType.find(';'))));
  for (char& c : type)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return type;
}

ApiError internalError() {
  return {500, "InternalServerException", "a mistake in Attune: its log says more"};
}

double seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

Routes::Routes(Collector& collector, EventWriter& writer, Metrics& metrics,
               const ServeConfig& config, std::function<HttpCounts()> httpCounts,
               std::function<std::string()> jobMetrics, std::function<double()> now)
    : collector_(collector),
      writer_(writer),
      metrics_(metrics),
      perAddress_(config.ratePerAddress, limits::kRateLimitedAddresses),
      proxies_(config.proxies),
      published_(config.campaigns),
      httpCounts_(std::move(httpCounts)),
      jobMetrics_(std::move(jobMetrics)),
      now_(std::move(now)) {}

void Routes::handle(Side side, HttpRequest request, SendReply send) {
  const Route* route = nullptr;
  try {
    route = find(side, request.method, request.path);
  } catch (const ApiError& error) {
    return completed("other", request, false, std::move(send))(errorReply(error));
  }
  Call call{std::move(request), nullptr, now_(), ""};
  call.address = clientAddress(call.request);
  call.send = completed(std::string(route->path), call.request, route->isForPages, std::move(send));
  try {
    answer(*route, call);
  } catch (const ApiError& error) {
    call.send(errorReply(error));
  } catch (const std::exception& error) {
    logLine(LogLevel::error, "a request failed",
            {{"route", route->path}, {"reason", error.what()}});
    call.send(errorReply(internalError()));
  }
}

void Routes::answer(const Route& route, Call& call) {
  if (call.request.method == "OPTIONS") return preflight(call);
  checkOrigin(route, call.request);
  if (route.isForPages || route.isFolder()) limitAddress(call);
  if (route.method == "POST") decode(route, call.request);
  (this->*route.answer)(call);
}

/// A preflight names no tracker, so any tracker's origin will do; the request itself is told.
void Routes::preflight(Call& call) {
  const std::string_view origin = call.request.header("origin");
  if (!mayUseAny(collector_.trackers(), origin))
    throw ApiError(403, "AccessDeniedException",
                   "no event tracker allows this origin: see attune tracker --origin");
  HttpReply reply;
  reply.status = 204;
  reply.set("Access-Control-Allow-Methods", "POST");
  reply.set("Access-Control-Allow-Headers", std::string(kAllowedHeaders));
  reply.set("Access-Control-Max-Age", kPreflightSeconds);
  call.send(std::move(reply));
}

/// No page may do what is not made for pages, for a page of any site can reach this machine's own
/// addresses. This is hygiene, not proof of who asks: other programs write what they like here.
void Routes::checkOrigin(const Route& route, const HttpRequest& request) const {
  const std::string_view origin = request.header("origin");
  if (origin.empty() || route.method == "GET") return;
  if (route.isForPages && mayUseAny(collector_.trackers(), origin)) return;
  throw ApiError(403, "AccessDeniedException",
                 route.isForPages
                     ? "no event tracker allows this origin: see attune tracker --origin"
                     : "pages may not call " + std::string(route.path));
}

/// Whom the request is from: the peer, or whom a proxy that is known names.
std::string Routes::clientAddress(const HttpRequest& request) const {
  if (std::find(proxies_.begin(), proxies_.end(), request.address) == proxies_.end())
    return request.address;
  const std::string_view forwarded = request.header("x-forwarded-for");
  const std::string_view last = trimmed(forwarded.substr(forwarded.rfind(',') + 1));
  return last.empty() ? request.address : std::string(last.substr(0, kAddressChars));
}

void Routes::limitAddress(const Call& call) {
  const int64_t wait = perAddress_.take(addressGroup(call.address), call.nowSeconds);
  if (wait == 0) return;
  ++metrics_.throttledByAddress;
  throw ApiError(429, "ThrottlingException", "too many requests from this address",
                 static_cast<int>(wait));
}

void Routes::decode(const Route& route, HttpRequest& request) const {
  if (!request.query.empty())
    throw invalidInput("there are no query parameters here: keys belong into the body");
  const std::string type = mediaType(request.header("content-type"));
  // Plain text is what a page may send without asking first, so only what is made for pages takes
  // it.
  if (type != "application/json" && !(route.isForPages && type == "text/plain"))
    throw ApiError(415, "UnsupportedMediaTypeException",
                   "Content-Type must be application/json" +
                       std::string(route.isForPages ? " or text/plain" : ""));
  const std::string encoding = mediaType(request.header("content-encoding"));
  if (encoding == "gzip")
    request.body = inflateGzip(request.body, limits::kBodyBytes);
  else if (!encoding.empty() && encoding != "identity")
    throw ApiError(415, "UnsupportedMediaTypeException",
                   "Content-Encoding must be gzip, identity or absent");
}

/// Adds to each reply what all have, counts it, and sends it.
SendReply Routes::completed(std::string label, const HttpRequest& request, bool isForPages,
                            SendReply send) const {
  const std::string_view origin = request.header("origin");
  const bool isAllowed = isForPages && !origin.empty() && mayUseAny(collector_.trackers(), origin);
  return [this, label = std::move(label), origin = std::string(isAllowed ? origin : ""), isForPages,
          isHead = request.method == "HEAD", begun = std::chrono::steady_clock::now(),
          send = std::move(send)](HttpReply reply) {
    reply.set("x-amzn-requestid", newRequestId());
    if (isForPages) reply.set("Vary", "Origin");
    if (!origin.empty()) {
      reply.set("Access-Control-Allow-Origin", origin);
      reply.set("Access-Control-Expose-Headers", std::string(kExposedHeaders));
    }
    if (isHead) {
      reply.headBytes = reply.file ? reply.file->bytes() : reply.body.size();
      reply.file.reset();
      reply.body.clear();
    }
    metrics_.countReply(label, reply.status);
    metrics_.requestSeconds.add(seconds(std::chrono::steady_clock::now() - begun));
    logLine(reply.status >= 500 ? LogLevel::warning : LogLevel::debug, "request",
            {{"route", label}, {"status", reply.status}});
    send(std::move(reply));
  };
}

void Routes::health(Call& call) { call.send(textReply(200, "ok\n")); }

void Routes::readiness(Call& call) {
  if (draining_) return call.send(textReply(503, "ending\n"));
  call.send(writer_.isReady() ? textReply(200, "ready\n")
                              : textReply(503, "the store cannot be written\n"));
}

void Routes::metrics(Call& call) {
  const MetricsNow now{httpCounts_(), writer_.queuedRequests(), writer_.queuedBytes(),
                       writer_.isReady()};
  HttpReply reply = textReply(200, metrics_.render(now) + jobMetrics_());
  reply.contentType = "text/plain; version=0.0.4; charset=utf-8";
  call.send(std::move(reply));
}

}  // namespace attune::trainer
