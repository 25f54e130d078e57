// libFuzzer target: a filter in both languages, its values, and its run over a small catalogue.
// Input: the expression, then for each placeholder its name and its value, parted by zero bytes.
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "runtime/serve/filter.h"
#include "tests/support/filter_world.h"

using namespace attune;
using namespace attune::testing;

namespace {

/// 40 items and a user with events and attributes; names are those of the corpus.
struct Shop {
  Shop() {
    for (uint32_t i = 0; i < 40; ++i) {
      world.ids.push_back(numbered("i", i, 5));
      world.single.push_back(i % 5);
      world.several.emplace_back(i % 3, i % 5);
      world.whole.push_back(i % 7 == 0 ? World::kNull : static_cast<int>(i));
      world.real.push_back(i % 6 == 0 ? NAN : 0.5 * i);
      world.flag.push_back(static_cast<uint8_t>(i % 3));
      world.titles.push_back(i % 4 == 0 ? Text("") : numbered("title ", i % 9, 1));
    }
    for (uint32_t i = 0; i < 5; ++i) world.categories.push_back(numbered("cat ", i, 2));
  }
  World world;
};

struct Opened {
  Opened() : tables(shop.world), ids(tables.ids.view()), session(ids, 20) {
    for (uint32_t i = 0; i < 12; ++i) {
      const Event event{.row = i, .devices = {"phone", "tv"}, .spent = 0.5 * i, .gift = 1, .note = "n"};
      const Buffer<char> context = i % 3 == 0 ? Buffer<char>() : event.context();
      (void)session.record(shop.world.ids[i * 3], i % 2 == 0 ? "click" : "buy", 100 + i / 2, 1.5f,
                           {context.data(), context.size()});
    }
    (void)session.profile().set("AGE", "30");
    (void)session.profile().set("PLAN", "gold|family");
    auto made = FilterFields::of(tables.catalogue, tables.queryColumns);
    if (!made.ok()) std::abort();
    fields = std::move(made.value());
  }
  Shop shop;
  Tables tables;
  Vocabulary ids;
  Session session;
  FilterFields fields;
};

std::string_view nextPart(std::string_view& rest) {
  const size_t end = rest.find('\0');
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Opened opened;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view expression = nextPart(rest);
  FilterValues values;
  while (!rest.empty()) {
    const std::string_view name = nextPart(rest);
    (void)values.set(name, nextPart(rest));
  }
  FilterScratch scratch;
  const FilterRows rows{opened.ids, opened.tables.catalogue};
  for (const FilterLanguage language : {FilterLanguage::extended, FilterLanguage::compatible}) {
    FilterHint hint;
    auto filter = Filter::compile(expression, opened.fields, language, hint);
    if (!filter.ok()) {
      // A mistake lies in the text, or right behind it.
      const uint64_t at = filter.error().at;
      if (at != Error::kNowhere && (at == 0 || at > expression.size() + 1)) std::abort();
      continue;
    }
    if (size % 2 == 0) (void)filter.value().prepare(rows);
    for (const bool related : {false, true})
      (void)filter.value().run(rows, {&opened.session, &values, 200, related, related ? 3u : kUnknownItem},
                               scratch);
    (void)filter.value().passesItem("new", rows, {&opened.session, &values, 200}, scratch);
  }
  (void)FilterParser(expression, FilterLanguage::compatible).parseItemAttributes();
  return 0;
}
