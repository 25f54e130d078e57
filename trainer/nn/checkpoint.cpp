#include "trainer/nn/checkpoint.h"

#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>
#include <type_traits>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"

// A checkpoint: the magic, the fingerprint, the fields of TrainingState in the order of `visit`,
// then the FNV-1a of everything before. Vectors are their length and their numbers; all in the
// machine's byte order, as a checkpoint is read where it was written.

namespace attune::trainer {
namespace {

constexpr std::string_view kMagic = "ATTNCK01";

template <typename Visitor, typename State>
void visit(Visitor& visitor, State& s) {
  visitor(s.values), visitor(s.firstMoments), visitor(s.secondMoments), visitor(s.bestValues);
  visitor(s.epoch), visitor(s.step), visitor(s.momentSteps), visitor(s.bestEpoch);
  visitor(s.bestNdcg), visitor(s.learningRateFactor), visitor(s.skippedSteps), visitor(s.restarts);
  visitor(s.curve), visitor(s.averages);
}

struct Writer {
  std::string bytes;

  template <typename Number>
  void operator()(const Number& number) {
    bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
  }
  template <typename Element>
  void operator()(const std::vector<Element>& elements) {
    static_assert(std::is_trivially_copyable_v<Element>);
    (*this)(static_cast<uint64_t>(elements.size()));
    bytes.append(reinterpret_cast<const char*>(elements.data()), elements.size() * sizeof(Element));
  }
};

struct Reader {
  std::string_view rest;
  bool damaged = false;

  const char* take(uint64_t count) {
    if (count > rest.size()) {
      damaged = true;
      return nullptr;
    }
    const char* start = rest.data();
    rest.remove_prefix(count);
    return start;
  }
  template <typename Number>
  void operator()(Number& number) {
    if (const char* from = take(sizeof number)) std::memcpy(&number, from, sizeof number);
  }
  template <typename Element>
  void operator()(std::vector<Element>& elements) {
    uint64_t count = 0;
    (*this)(count);
    if (damaged || count > rest.size() / sizeof(Element)) {
      damaged = true;
      return;
    }
    elements.resize(count);
    if (count > 0)
      std::memcpy(elements.data(), take(count * sizeof(Element)), count * sizeof(Element));
  }
};

uint64_t hashOf(std::string_view bytes) {
  Fingerprint hash;
  hash.add(bytes.data(), bytes.size());
  return hash.value();
}

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw UserError(path + ": " + why + ": train without --resume to start again");
}

}  // namespace

void Fingerprint::add(const void* bytes, size_t count) {
  const auto* next = static_cast<const unsigned char*>(bytes);
  for (size_t i = 0; i < count; ++i) hash_ = (hash_ ^ next[i]) * 0x100000001b3u;
}

void saveCheckpoint(const std::string& path, uint64_t fingerprint, const TrainingState& state) {
  Writer writer;
  writer.bytes = kMagic;
  writer(fingerprint);
  visit(writer, state);
  writer(hashOf(writer.bytes));
  writeFileAtomically(path, writer.bytes);
}

bool loadCheckpoint(const std::string& path, uint64_t fingerprint, TrainingState& state) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.size() < kMagic.size() + 16 || !std::string_view(bytes).starts_with(kMagic))
    refuse(path, "not a checkpoint");
  const std::string_view body(bytes.data(), bytes.size() - sizeof(uint64_t));
  uint64_t hash = 0, owner = 0;
  std::memcpy(&hash, bytes.data() + body.size(), sizeof hash);
  Reader reader{body.substr(kMagic.size())};
  reader(owner);
  if (hash != hashOf(body)) refuse(path, "the checkpoint is damaged");
  if (owner != fingerprint) refuse(path, "the checkpoint is of other data or settings");
  TrainingState loaded;
  visit(reader, loaded);
  if (reader.damaged || !reader.rest.empty()) refuse(path, "the checkpoint is damaged");
  state = std::move(loaded);
  return true;
}

}  // namespace attune::trainer
