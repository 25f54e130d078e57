// libFuzzer target: the text of a manifest, and the file that holds one with its signatures.
#include <cstdlib>
#include <string>

#include "trainer/base/errors.h"
#include "trainer/export/manifest.h"

using namespace attune::trainer;

namespace {

/// Reads what may be a document; what could be read must be the same when it is written and read
/// again. Anything else is refused in one line that names the file.
template <typename Parse, typename Write>
void check(const std::string& text, Parse parse, Write write) {
  try {
    const std::string written = write(parse(text, "manifest.json"));
    if (write(parse(written, "manifest.json")) != written) std::abort();
  } catch (const UserError& error) {
    const std::string what = error.what();
    if (what.find("manifest.json") != 0 || what.find('\n') != std::string::npos) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(data, data + size);
  check(text, parseManifest, manifestText);
  check(text, parseSignedManifest, signedManifestText);
  return 0;
}
