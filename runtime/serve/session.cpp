#include "runtime/serve/session.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/utf8.h"
#include "runtime/serve/filter_lexer.h"

namespace attune {
namespace {

constexpr uint32_t kMagic = 0x53535441;  // "ATSS"
/// Contexts of events came with the second version; a history without any is saved as the first,
/// so that older readers go on reading it.
constexpr uint32_t kPlain = 1, kWithContext = 2;

Error invalid(const char* what) { return {ErrorCode::InvalidArgument, what}; }
Error unreadable(const char* what, uint64_t at) { return {ErrorCode::InvalidSession, what, at}; }

template <typename T>
Status put(Buffer<uint8_t>& out, T value) {
  return out.append({reinterpret_cast<const uint8_t*>(&value), sizeof value});
}

Status putText(Buffer<uint8_t>& out, std::string_view text) {
  ATTUNE_TRY(put(out, static_cast<uint16_t>(text.size())));
  return out.append({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

/// Reads saved bytes and remembers whether they ran out.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  template <typename T>
  T get() {
    T value{};
    if (bytes_.size() - at_ < sizeof value) {
      ended_ = true;
    } else {
      std::memcpy(&value, bytes_.data() + at_, sizeof value);
      at_ += sizeof value;
    }
    return value;
  }

  std::string_view text() {
    const size_t length = get<uint16_t>();
    if (bytes_.size() - at_ < length) {
      ended_ = true;
      return {};
    }
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + at_, length);
    at_ += length;
    return text;
  }

  bool ended() const { return ended_; }
  bool atEnd() const { return at_ == bytes_.size(); }
  size_t at() const { return at_; }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
  bool ended_ = false;
};

/// Takes a text that a zero byte ends off the front.
std::string_view takePart(std::string_view& rest) {
  const size_t end = std::min(rest.find('\0'), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

/// Whether a text is names and values in turn, all of them something, each ended by a zero byte.
bool isContext(std::string_view context) {
  if (!context.empty() && context.back() != '\0') return false;
  uint32_t parts = 0;
  for (; !context.empty(); ++parts)
    if (takePart(context).empty()) return false;
  return parts % 2 == 0;
}

}  // namespace

namespace event_context {

Status add(std::string_view name, std::string_view value, Buffer<char>& context) {
  if (value.empty()) return {};
  if (name.empty() || (name.find('\0') & value.find('\0')) != std::string_view::npos)
    return invalid("an event's context has names and texts without zero bytes");
  for (const std::string_view one : {name, value}) {
    ATTUNE_TRY(context.append(one));
    ATTUNE_TRY(context.push('\0'));
  }
  return {};
}

std::string_view find(std::string_view context, std::string_view name) {
  while (!context.empty()) {
    const bool found = equalWithoutCase(takePart(context), name);
    const std::string_view value = takePart(context);
    if (found) return value;
  }
  return {};
}

}  // namespace event_context

Result<int64_t> wholeSeconds(double timestamp) {
  if (!(std::fabs(timestamp) <= 9.0e15)) return invalid("a timestamp must be seconds since 1970");
  return static_cast<int64_t>(std::floor(timestamp));
}

Result<bool> Session::record(std::string_view itemId, std::string_view eventType,
                             int64_t timestamp, float value,
                             std::string_view context) {
  if (itemId.empty() || itemId.size() > kMaxIdBytes)
    return invalid("an item id must have 1 to 1024 bytes");
  if (eventType.size() > kMaxTypeBytes) return invalid("an event type may have 1024 bytes");
  if (context.size() > kMaxContextBytes || !isContext(context))
    return invalid("a context must be names and values of at most 65535 bytes");
  if (!isUtf8(itemId) || !isUtf8(eventType) || !isUtf8(context))
    return invalid("text must be UTF-8");
  SessionEvent event{items_->find(itemId), 0, timestamp, value};
  const auto type = typeNumber(eventType);
  ATTUNE_TRY(type);
  event.type = type.value();
  event.textBegin = static_cast<uint32_t>(text_.size());
  event.contextLength = static_cast<uint32_t>(context.size());
  if (event.item == kUnknownItem) {
    event.idLength = static_cast<uint32_t>(itemId.size());
    ATTUNE_TRY(text_.append(itemId));
  }
  ATTUNE_TRY(text_.append(context));
  textBytesInUse_ += event.textLength();
  ATTUNE_TRY(insert(event));
  return event.item != kUnknownItem;
}

Status Session::insert(const SessionEvent& event) {
  ATTUNE_TRY(events_.push(event));
  SessionEvent* place = events_.end() - 1;
  while (place > events_.data() + first_ && place[-1].timestamp > event.timestamp) --place;
  std::rotate(place, events_.end() - 1, events_.end());
  if (place != events_.end() - 1) ++generation_;
  ++appended_;
  markCopies(static_cast<size_t>(place - events_.data()));
  if (events_.size() - first_ > maxEvents_) dropOldest();
  if (text_.size() > 65536 && text_.size() > 2 * textBytesInUse_) return compactText();
  return {};
}

// Of the events of one second with one item the last counts, so that dropping the oldest changes
// nothing for the others; but where they follow each other, the first of the row, so that another
// one costs a model no step.
void Session::markCopies(size_t index) {
  SessionEvent& event = events_[index];
  if (event.item == kUnknownItem) return;
  for (size_t i = index; i-- > first_ && events_[i].timestamp == event.timestamp;) {
    if (events_[i].item != event.item) continue;
    if (i + 1 == index) {
      event.isCopy = true;
      return;
    }
    if (events_[i].isCopy) continue;
    events_[i].isCopy = true;
    ++generation_;
    return;
  }
}

void Session::dropOldest() {
  const SessionEvent dropped = events_[first_];
  textBytesInUse_ -= dropped.textLength();
  ++first_;
  SessionEvent& next = events_[first_];  // there is one: the event that made this necessary
  if (dropped.counts() && next.item == dropped.item && next.timestamp == dropped.timestamp)
    next.isCopy = false;
  if (first_ > 64 && first_ > events_.size() / 2) {
    events_.dropFront(first_);
    first_ = 0;
  }
}

Status Session::compactText() {
  Buffer<char> fresh;
  ATTUNE_TRY(fresh.reserve(textBytesInUse_));
  for (size_t i = first_; i < events_.size(); ++i) {
    SessionEvent& event = events_[i];
    const std::string_view text(text_.data() + event.textBegin, event.textLength());
    event.textBegin = static_cast<uint32_t>(fresh.size());
    ATTUNE_TRY(fresh.append(text));
  }
  text_ = std::move(fresh);
  return {};
}

Result<uint32_t> Session::typeNumber(std::string_view name) {
  for (uint32_t type = 0; type < typeEnds_.size(); ++type)
    if (typeName(type) == name) return type;
  if (typeEnds_.size() == kMaxTypes) ATTUNE_TRY(dropUnusedTypes());
  if (typeEnds_.size() == kMaxTypes) return invalid("more than 1000 event types in one session");
  ATTUNE_TRY(typeText_.append(name));
  ATTUNE_TRY(typeEnds_.push(static_cast<uint32_t>(typeText_.size())));
  return static_cast<uint32_t>(typeEnds_.size() - 1);
}

Status Session::dropUnusedTypes() {
  Session fresh(*items_, maxEvents_);
  for (const SessionEvent& event : events()) {
    const auto type = fresh.typeNumber(typeName(event.type));
    ATTUNE_TRY(type);
  }
  for (size_t i = first_; i < events_.size(); ++i)
    events_[i].type = fresh.typeNumber(typeName(events_[i].type)).value();
  typeText_ = std::move(fresh.typeText_);
  typeEnds_ = std::move(fresh.typeEnds_);
  return {};
}

std::string_view Session::typeName(uint32_t type) const {
  const uint32_t begin = type == 0 ? 0 : typeEnds_[type - 1];
  return {typeText_.data() + begin, typeEnds_[type] - begin};
}

std::string_view Session::itemId(const SessionEvent& event) const {
  if (event.item != kUnknownItem) return (*items_)[event.item];
  return {text_.data() + event.textBegin, event.idLength};
}

Status Session::noteShown(std::span<const uint32_t> items) {
  for (const uint32_t item : items) {
    if (item == kUnknownItem) continue;
    Shown* found = shown_.begin();
    while (found != shown_.end() && found->item != item) ++found;
    if (found == shown_.end())
      ATTUNE_TRY(shown_.push({item, 1}));
    else
      ++found->times;
  }
  return {};
}

uint32_t Session::timesShown(uint32_t item) const {
  for (const Shown& one : shown_)
    if (one.item == item) return one.times;
  return 0;
}

uint32_t Session::timesHad(uint32_t item) const {
  uint32_t times = 0;
  for (const SessionEvent& event : events()) times += event.counts() && event.item == item;
  return times;
}

Status Session::copyWithout(uint32_t item, Session& copy) const {
  for (const SessionEvent& event : events())
    if (event.item != item)
      ATTUNE_TRY(copy.record(itemId(event), typeName(event.type), event.timestamp, event.value,
                             context(event)));
  for (const uint32_t row : attributes_.rows()) ATTUNE_TRY(copy.attributes_.insert(row));
  return {};
}

void Session::clear() {
  shown_.clear();
  ++generation_;
  events_.clear();
  typeText_.clear();
  typeEnds_.clear();
  text_.clear();
  first_ = 0;
  textBytesInUse_ = 0;
}

Status Session::save(Buffer<uint8_t>& out) const {
  out.clear();
  ATTUNE_TRY(put(out, kMagic));
  const bool hasContext =
      std::any_of(events().begin(), events().end(),
                  [](const SessionEvent& event) { return event.contextLength > 0; });
  ATTUNE_TRY(put(out, hasContext ? kWithContext : kPlain));
  ATTUNE_TRY(put(out, static_cast<uint32_t>(typeEnds_.size())));
  ATTUNE_TRY(put(out, static_cast<uint32_t>(events().size())));
  for (uint32_t type = 0; type < typeEnds_.size(); ++type) ATTUNE_TRY(putText(out, typeName(type)));
  for (const SessionEvent& event : events()) {
    ATTUNE_TRY(putText(out, itemId(event)));
    ATTUNE_TRY(put(out, static_cast<uint16_t>(event.type)));
    ATTUNE_TRY(put(out, event.timestamp));
    ATTUNE_TRY(put(out, event.value));
    if (hasContext) ATTUNE_TRY(putText(out, context(event)));
  }
  return {};
}

Status Session::restore(std::span<const uint8_t> bytes) {
  Reader reader(bytes);
  if (reader.get<uint32_t>() != kMagic) return unreadable("not a saved session", 0);
  const uint32_t version = reader.get<uint32_t>();
  if (version != kPlain && version != kWithContext) return unreadable("saved by another version", 4);
  const uint32_t types = reader.get<uint32_t>();
  const uint32_t count = reader.get<uint32_t>();
  if (reader.ended() || types > kMaxTypes) return unreadable("damaged", reader.at());
  Session fresh(*items_, maxEvents_);
  Buffer<std::string_view> names;
  for (uint32_t type = 0; type < types; ++type) ATTUNE_TRY(names.push(reader.text()));
  for (uint32_t i = 0; i < count; ++i) {
    const std::string_view id = reader.text();
    const uint16_t type = reader.get<uint16_t>();
    const int64_t timestamp = reader.get<int64_t>();
    const float value = reader.get<float>();
    const std::string_view context =
        version == kWithContext ? reader.text() : std::string_view();
    if (reader.ended() || type >= types) return unreadable("damaged or cut off", reader.at());
    const auto recorded = fresh.record(id, names[type], timestamp, value, context);
    if (!recorded.ok()) {
      if (recorded.error().code == ErrorCode::OutOfMemory) return recorded.error();
      return unreadable(recorded.error().what, reader.at());
    }
  }
  if (reader.ended() || !reader.atEnd()) return unreadable("goes on behind its end", reader.at());
  fresh.generation_ = generation_ + 1;
  fresh.attributes_ = std::move(attributes_);
  fresh.profile_ = std::move(profile_);
  *this = std::move(fresh);
  return {};
}

}  // namespace attune
