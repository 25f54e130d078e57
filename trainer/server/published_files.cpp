#include "trainer/server/published_files.h"

#include <filesystem>

#include "trainer/base/files.h"
#include "trainer/export/manifest.h"
#include "trainer/export/sha256.h"

namespace attune::trainer {
namespace {

constexpr std::string_view kManifest = "manifest.json";
constexpr const char* kForever = "public, max-age=31536000, immutable";

ApiError notThere() {
  return {404, "ResourceNotFoundException", "no such campaign or file is published"};
}

/// Whether a name is one that `attune publish` gives to what is in it.
bool isNamedByContent(std::string_view name) {
  Sha256 unused{};
  for (const std::string_view ending : {".attune", ".delta"})
    if (name.ends_with(ending)) return fromHex(name.substr(0, name.size() - ending.size()), unused);
  return false;
}

/// If-None-Match: a list of tags, weak ones among them, or *.
bool hasTag(std::string_view list, const std::string& tag) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    std::string_view one = list.substr(0, comma);
    list = comma == std::string_view::npos ? "" : list.substr(comma + 1);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == tag || one == "*") return true;
  }
  return false;
}

}  // namespace

PublishedFiles::PublishedFiles(const std::vector<CampaignConfig>& campaigns) {
  for (const CampaignConfig& campaign : campaigns)
    folders_.emplace(campaign.name, campaign.directory);
}

HttpReply PublishedFiles::answer(const HttpRequest& request) const {
  const std::string_view rest = std::string_view(request.path).substr(kPath.size());
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos) throw notThere();
  const auto folder = folders_.find(rest.substr(0, slash));
  const std::string name(rest.substr(slash + 1));
  const bool isManifest = name == kManifest;
  if (folder == folders_.end() || !(isManifest || isNamedByContent(name))) throw notThere();
  const std::string path = folder->second + '/' + name;
  HttpReply reply;
  std::string tag = '"' + name.substr(0, name.find('.')) + '"';
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) throw notThere();
  if (isManifest) {
    reply.body = readTextFile(path, kMaxManifestBytes);
    tag = '"' +
          toHex(sha256({reinterpret_cast<const uint8_t*>(reply.body.data()), reply.body.size()}))
              .substr(0, 32) +
          '"';
  } else {
    reply.file = OpenFile::read(path);
    if (!reply.file) throw notThere();  // a newer publication has just removed it
  }
  reply.contentType = isManifest ? "application/json" : "application/octet-stream";
  reply.set("ETag", tag);
  reply.set("Cache-Control", isManifest ? "no-cache" : kForever);
  reply.set("Access-Control-Allow-Origin", "*");
  reply.set("Access-Control-Expose-Headers", "ETag, Retry-After");
  reply.set("Cross-Origin-Resource-Policy", "cross-origin");
  reply.set("X-Content-Type-Options", "nosniff");
  if (!hasTag(request.header("if-none-match"), tag)) return reply;
  reply.status = 304;
  reply.contentType.clear();
  reply.body.clear();
  reply.file.reset();
  return reply;
}

}  // namespace attune::trainer
