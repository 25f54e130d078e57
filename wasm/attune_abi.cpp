#include "wasm/attune_abi.h"

#include <span>
#include <string_view>

#include "runtime/serve/engine.h"
#include "runtime/serve/explain.h"

#if defined(__EMSCRIPTEN__)
#define ATTUNE_EXPORT extern "C" __attribute__((visibility("default"), used))
#else
#define ATTUNE_EXPORT extern "C"
#endif

namespace {

using namespace attune;  // NOLINT: a source file of nothing but calls into it

struct Reply {
  uint32_t word[8];
  double number[4];
};

constexpr size_t kMostPromotions = 16;

/// An open bundle: its bytes, the engine on them, and the working memory of its requests.
struct Recommender {
  void* bytes = nullptr;
  Owned<Engine> engine;
  Scratch scratch;
  QueryRows context;
  FilterValues filterValues;
  double now = 0;
  bool exact = false;
  ListControls controls;
  Promotion promotions[kMostPromotions];
  FilterValues promotionValues[kMostPromotions];
  Explanation explanation;
  Buffer<uint32_t> items;
  Buffer<float> scores;
  Buffer<char> text;
};

struct OpenSession {
  OpenSession(const Vocabulary& items, uint32_t maxEvents) : session(items, maxEvents) {}
  Session session;
  Buffer<uint8_t> saved;
};

// An instance has one thread, and its host asks for one thing at a time.
Reply reply;
Error lastError;
Buffer<char> inputArea;

template <typename T>
T* at(uint32_t handle) {
  return reinterpret_cast<T*>(static_cast<uintptr_t>(handle));
}

uint32_t addressOf(const void* object) {
  return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(object));
}

int32_t fail(const Error& error) {
  lastError = error;
  return -static_cast<int32_t>(error.code);
}

int32_t statusOf(const Status& status) { return status.ok() ? 0 : fail(status.error()); }

void replyText(uint32_t word, std::string_view text) {
  reply.word[word] = addressOf(text.data());
  reply.word[word + 1] = static_cast<uint32_t>(text.size());
}

std::string_view input(uint32_t begin, uint32_t length) { return {inputArea.data() + begin, length}; }

int32_t outOfMemory() { return fail({ErrorCode::OutOfMemory, "out of memory"}); }

/// Puts the ranked items of the scratch into two plain arrays for the host.
int32_t replyList(Recommender& recommender, const Status& status) {
  if (!status.ok()) return fail(status.error());
  const std::span<const Scored> ranked = recommender.scratch.ranked.span();
  if (!recommender.items.resize(ranked.size()).ok() || !recommender.scores.resize(ranked.size()).ok())
    return outOfMemory();
  for (size_t i = 0; i < ranked.size(); ++i) {
    recommender.items[i] = ranked[i].item;
    recommender.scores[i] = ranked[i].score;
  }
  reply.word[0] = addressOf(recommender.items.data());
  reply.word[1] = addressOf(recommender.scores.data());
  const Buffer<ListMark>& marks = recommender.scratch.listMarks;
  reply.word[2] = marks.empty() ? 0 : addressOf(marks.data());
  return static_cast<int32_t>(ranked.size());
}

/// Hands a new object over to the host as a handle.
template <typename T>
int32_t replyHandle(Owned<T> object) {
  if (!object) return outOfMemory();
  reply.word[0] = addressOf(object.release());
  return 0;
}

template <typename T>
void close(uint32_t handle) {
  const Owned<T> closed(at<T>(handle));
}

}  // namespace

ATTUNE_EXPORT int32_t attune_abi_version(void) { return 7; }

ATTUNE_EXPORT uint32_t attune_reply(void) { return addressOf(&reply); }

ATTUNE_EXPORT uint32_t attune_input(uint32_t bytes) {
  return inputArea.resize(bytes).ok() ? addressOf(inputArea.data()) : 0;
}

ATTUNE_EXPORT uint32_t attune_error_name(void) { return addressOf(errorName(lastError.code)); }
ATTUNE_EXPORT uint32_t attune_error_what(void) { return addressOf(lastError.what); }
ATTUNE_EXPORT double attune_error_at(void) {
  return lastError.at == Error::kNowhere ? -1 : static_cast<double>(lastError.at);
}

ATTUNE_EXPORT uint32_t attune_bundle_alloc(uint32_t length) {
  void* bytes = nullptr;
  return posix_memalign(&bytes, 16, length == 0 ? 1 : length) == 0 ? addressOf(bytes) : 0;
}
ATTUNE_EXPORT void attune_bundle_free(uint32_t bundle) { std::free(at<void>(bundle)); }

ATTUNE_EXPORT int32_t attune_open(uint32_t bundle, uint32_t length, uint32_t metadataLater) {
  Owned<Recommender> recommender = makeOwned<Recommender>();
  if (!recommender) return outOfMemory();
  auto engine = Engine::open({at<const uint8_t>(bundle), length},
                             metadataLater != 0 ? MetadataTime::later : MetadataTime::now);
  if (!engine.ok()) return fail(engine.error());
  recommender->engine = std::move(engine.value());
  recommender->bytes = at<void>(bundle);
  return replyHandle(std::move(recommender));
}
ATTUNE_EXPORT int32_t attune_open_metadata(AttuneHandle recommender) {
  return statusOf(at<Recommender>(recommender)->engine->openMetadata());
}
ATTUNE_EXPORT void attune_close(AttuneHandle recommender) {
  void* bytes = at<Recommender>(recommender)->bytes;
  close<Recommender>(recommender);
  std::free(bytes);
}

ATTUNE_EXPORT int32_t attune_describe(AttuneHandle recommender) {
  const Engine& engine = *at<Recommender>(recommender)->engine;
  reply.word[0] = engine.items().size();
  reply.word[1] = engine.catalogue().columnCount();
  replyText(2, engine.bundle().recipe());
  replyText(4, engine.bundle().provenance());
  reply.word[6] = engine.queryColumns().size();
  reply.word[7] = engine.namedFilters().size();
  return 0;
}

ATTUNE_EXPORT int32_t attune_column(AttuneHandle recommender, uint32_t column) {
  const Catalogue& catalogue = at<Recommender>(recommender)->engine->catalogue();
  if (column >= catalogue.columnCount()) return fail({ErrorCode::NotFound, "no such column"});
  replyText(0, catalogue.column(column).name);
  reply.word[2] = static_cast<uint32_t>(catalogue.column(column).type);
  return 0;
}

ATTUNE_EXPORT int32_t attune_query_column(AttuneHandle recommender, uint32_t column) {
  const QueryColumns& columns = at<Recommender>(recommender)->engine->queryColumns();
  if (column >= columns.size()) return fail({ErrorCode::NotFound, "no such column"});
  replyText(0, columns[column].name);
  reply.word[2] = static_cast<uint32_t>(columns[column].type);
  return static_cast<int32_t>(columns[column].kind);
}

ATTUNE_EXPORT int32_t attune_find_item(AttuneHandle recommender, uint32_t idLength) {
  const uint32_t item = at<Recommender>(recommender)->engine->items().find(input(0, idLength));
  if (item == kUnknownItem) return fail({ErrorCode::NotFound, "no such item"});
  return static_cast<int32_t>(item);
}

ATTUNE_EXPORT int32_t attune_item_id(AttuneHandle recommender, uint32_t item) {
  const Vocabulary& items = at<Recommender>(recommender)->engine->items();
  if (item >= items.size()) return fail({ErrorCode::NotFound, "no such item"});
  replyText(0, items[item]);
  return 0;
}

ATTUNE_EXPORT int32_t attune_attribute(AttuneHandle recommender, uint32_t item, uint32_t column) {
  Recommender& open = *at<Recommender>(recommender);
  const Catalogue& catalogue = open.engine->catalogue();
  if (item >= open.engine->items().size() || column >= catalogue.columnCount())
    return fail({ErrorCode::NotFound, "no such item or column"});
  const CatalogueColumn& values = catalogue.column(column);
  if (values.isNull(item)) return 0;
  if (values.type == ColumnType::Categorical || values.type == ColumnType::Text) {
    open.text.clear();
    const Status appended = catalogue.appendText(item, column, open.text);
    replyText(0, {open.text.data(), open.text.size()});
    return appended.ok() ? 1 : fail(appended.error());
  }
  reply.number[0] = values.numbers[item];
  return values.type == ColumnType::Boolean ? 3 : 2;
}

ATTUNE_EXPORT int32_t attune_session_open(AttuneHandle recommender, uint32_t maxEvents) {
  if (maxEvents == 0) return fail({ErrorCode::InvalidArgument, "maxEvents must be at least 1"});
  const Vocabulary& items = at<Recommender>(recommender)->engine->items();
  return replyHandle(makeOwned<OpenSession>(items, maxEvents));
}
ATTUNE_EXPORT void attune_session_close(AttuneHandle session) { close<OpenSession>(session); }

ATTUNE_EXPORT void attune_session_clear(AttuneHandle session) {
  at<OpenSession>(session)->session.clear();
}

ATTUNE_EXPORT int32_t attune_session_record(AttuneHandle session, uint32_t idLength,
                                            uint32_t typeLength, uint32_t contextLength,
                                            double timestamp, double value) {
  const auto seconds = wholeSeconds(timestamp);
  if (!seconds.ok()) return fail(seconds.error());
  const auto recorded = at<OpenSession>(session)->session.record(
      input(0, idLength), input(idLength, typeLength), seconds.value(), static_cast<float>(value),
      input(idLength + typeLength, contextLength));
  return recorded.ok() ? static_cast<int32_t>(recorded.value()) : fail(recorded.error());
}

ATTUNE_EXPORT int32_t attune_session_attribute(AttuneHandle recommender, AttuneHandle session,
                                               uint32_t nameLength, uint32_t valueLength) {
  const auto known = at<Recommender>(recommender)->engine->setAttribute(
      at<OpenSession>(session)->session, input(0, nameLength), input(nameLength, valueLength));
  return known.ok() ? static_cast<int32_t>(known.value()) : fail(known.error());
}

ATTUNE_EXPORT int32_t attune_request(AttuneHandle recommender, AttuneHandle session, double now,
                                     uint32_t exact) {
  Recommender& open = *at<Recommender>(recommender);
  open.filterValues.clear();
  open.controls = {};
  open.now = now;
  open.exact = exact != 0;
  if (session == 0) return 0;
  return statusOf(open.engine->beginContext(at<OpenSession>(session)->session, now, open.context));
}

ATTUNE_EXPORT int32_t attune_context_set(AttuneHandle recommender, uint32_t nameLength,
                                         uint32_t valueLength) {
  Recommender& open = *at<Recommender>(recommender);
  const std::string_view name = input(0, nameLength), value = input(nameLength, valueLength);
  const auto known = open.engine->setContext(open.context, name, value);
  return known.ok() ? static_cast<int32_t>(known.value()) : fail(known.error());
}

ATTUNE_EXPORT int32_t attune_session_size(AttuneHandle session) {
  return static_cast<int32_t>(at<OpenSession>(session)->session.events().size());
}

ATTUNE_EXPORT int32_t attune_session_event(AttuneHandle session, uint32_t index) {
  const Session& open = at<OpenSession>(session)->session;
  if (index >= open.events().size()) return fail({ErrorCode::NotFound, "no such event"});
  const SessionEvent& event = open.events()[index];
  replyText(0, open.itemId(event));
  replyText(2, open.typeName(event.type));
  replyText(4, open.context(event));
  reply.number[0] = static_cast<double>(event.timestamp);
  reply.number[1] = static_cast<double>(event.value);
  return event.item == kUnknownItem ? 0 : 1;
}

ATTUNE_EXPORT int32_t attune_session_shown(AttuneHandle session, uint32_t count) {
  const std::span items(reinterpret_cast<const uint32_t*>(inputArea.data()), count);
  return statusOf(at<OpenSession>(session)->session.noteShown(items));
}

ATTUNE_EXPORT int32_t attune_session_save(AttuneHandle session) {
  OpenSession& open = *at<OpenSession>(session);
  const Status saved = open.session.save(open.saved);
  reply.word[0] = addressOf(open.saved.data());
  reply.word[1] = static_cast<uint32_t>(open.saved.size());
  return statusOf(saved);
}

ATTUNE_EXPORT int32_t attune_session_restore(AttuneHandle session, uint32_t length) {
  const std::string_view bytes = input(0, length);
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  return statusOf(at<OpenSession>(session)->session.restore({data, bytes.size()}));
}

ATTUNE_EXPORT int32_t attune_filter_open(AttuneHandle recommender, uint32_t length,
                                         uint32_t compatible) {
  FilterHint hint;
  const auto language = compatible != 0 ? FilterLanguage::compatible : FilterLanguage::extended;
  const Engine& engine = *at<Recommender>(recommender)->engine;
  auto filter = engine.compileFilter(input(0, length), language, hint);
  replyText(0, hint.meant);
  if (!filter.ok()) return fail(filter.error());
  return replyHandle(makeOwned<Filter>(std::move(filter.value())));
}

ATTUNE_EXPORT int32_t attune_named_filter(AttuneHandle recommender, uint32_t filter) {
  const NamedFilters& filters = at<Recommender>(recommender)->engine->namedFilters();
  if (filter >= filters.size()) return fail({ErrorCode::NotFound, "no such filter"});
  replyText(0, filters.name(filter));
  replyText(2, filters.expression(filter));
  return 0;
}
ATTUNE_EXPORT void attune_filter_close(AttuneHandle filter) { close<Filter>(filter); }

ATTUNE_EXPORT int32_t attune_filter_value(AttuneHandle recommender, uint32_t nameLength,
                                          uint32_t valueLength) {
  FilterValues& values = at<Recommender>(recommender)->filterValues;
  return statusOf(values.set(input(0, nameLength), input(nameLength, valueLength)));
}

ATTUNE_EXPORT int32_t attune_controls(AttuneHandle recommender) {
  Recommender& open = *at<Recommender>(recommender);
  double number[9];
  std::memcpy(number, inputArea.data(), sizeof number);
  ListControls& controls = open.controls = {};
  const Catalogue& catalogue = open.engine->catalogue();
  controls.diversity = static_cast<float>(number[0]);
  if (number[1] > 0) {
    controls.column = static_cast<uint32_t>(number[2]);
    if (controls.column >= catalogue.columnCount() ||
        catalogue.column(controls.column).type != ColumnType::Categorical)
      return fail({ErrorCode::InvalidArgument, "a maximum is of a categorical column"});
    controls.maxPerValue = static_cast<uint32_t>(number[1]);
  }
  controls.popularityDiscount = static_cast<float>(number[3]);
  controls.freshnessBoost = static_cast<float>(number[4]);
  controls.freshnessDays = static_cast<float>(number[5]);
  controls.explorationWeight = static_cast<float>(number[6]);
  controls.explorationItemAgeCutOff = static_cast<float>(number[7]);
  controls.seed = static_cast<uint32_t>(number[8]);
  return 0;
}

ATTUNE_EXPORT int32_t attune_promotion(AttuneHandle recommender, AttuneHandle filter, uint32_t percent) {
  Recommender& open = *at<Recommender>(recommender);
  const size_t count = open.controls.promotions.size();
  if (count == kMostPromotions) return fail({ErrorCode::InvalidArgument, "more than 16 promotions"});
  open.promotionValues[count].clear();
  open.promotions[count] = {at<Filter>(filter), &open.promotionValues[count], percent};
  open.controls.promotions = {open.promotions, count + 1};
  return 0;
}

ATTUNE_EXPORT int32_t attune_promotion_value(AttuneHandle recommender, uint32_t nameLength,
                                             uint32_t valueLength) {
  Recommender& open = *at<Recommender>(recommender);
  FilterValues& values = open.promotionValues[open.controls.promotions.size() - 1];
  return statusOf(values.set(input(0, nameLength), input(nameLength, valueLength)));
}

ATTUNE_EXPORT int32_t attune_recommend(AttuneHandle recommender, AttuneHandle session,
                                       uint32_t numResults, AttuneHandle filter) {
  Recommender& open = *at<Recommender>(recommender);
  const ListRequest request{numResults,        at<Filter>(filter), &open.context, &open.filterValues,
                            open.now,          open.controls,      open.exact};
  const Session& history = at<OpenSession>(session)->session;
  return replyList(open, open.engine->recommend(history, request, open.scratch));
}

ATTUNE_EXPORT int32_t attune_related(AttuneHandle recommender, uint32_t item, AttuneHandle session,
                                     uint32_t numResults, AttuneHandle filter) {
  Recommender& open = *at<Recommender>(recommender);
  const Session* history = session == 0 ? nullptr : &at<OpenSession>(session)->session;
  const ListRequest request{numResults, at<Filter>(filter), nullptr, &open.filterValues,
                            open.now,   open.controls};
  return replyList(open, open.engine->related(item, history, request, open.scratch));
}

ATTUNE_EXPORT int32_t attune_filter_passes(AttuneHandle recommender, AttuneHandle session,
                                           AttuneHandle filter, uint32_t idLength) {
  Recommender& open = *at<Recommender>(recommender);
  const FilterRequest who{&at<OpenSession>(session)->session, &open.filterValues, open.now};
  const auto passes = at<Filter>(filter)->passesItem(input(0, idLength), open.engine->filterRows(),
                                                     who, open.scratch.filter);
  return passes.ok() ? static_cast<int32_t>(passes.value()) : fail(passes.error());
}

ATTUNE_EXPORT int32_t attune_rank(AttuneHandle recommender, AttuneHandle session, uint32_t count) {
  Recommender& open = *at<Recommender>(recommender);
  const std::span items(reinterpret_cast<const uint32_t*>(inputArea.data()), count);
  return replyList(open, open.engine->rank(at<OpenSession>(session)->session, items, open.scratch,
                                           &open.context));
}

ATTUNE_EXPORT int32_t attune_explain(AttuneHandle recommender, AttuneHandle session, uint32_t count) {
  Recommender& open = *at<Recommender>(recommender);
  const std::span items(reinterpret_cast<const uint32_t*>(inputArea.data()), count);
  const Status explained = explain(*open.engine, at<OpenSession>(session)->session, items,
                                   &open.context, open.scratch, open.explanation);
  if (!explained.ok()) return fail(explained.error());
  reply.word[0] = addressOf(open.explanation.events.data());
  reply.word[1] = addressOf(open.explanation.contributions.data());
  return static_cast<int32_t>(open.explanation.events.size());
}
