#include "tests/support/random_filters.h"

#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include "runtime/base/random.h"
#include "runtime/serve/filter.h"
#include "runtime/serve/filter_runner.h"
#include "tests/support/filter_world.h"

namespace attune::testing {
namespace {

/// Makes worlds, conditions and their texts.
class Maker {
 public:
  Maker(uint32_t seed, World& world) : random_(seed, 77), world_(world) {}

  void makeWorld() {
    const uint32_t rows = 1 + random_.below(random_.below(4) == 0 ? 5000 : 60);
    const uint32_t categories = 1 + random_.below(12);
    for (uint32_t i = 0; i < categories; ++i) world_.categories.push_back(numbered("cat ", i, 2));
    for (uint32_t row = 0; row < rows; ++row) {
      world_.ids.push_back(numbered("i", row, 5));
      world_.single.push_back(random_.below(categories));
      world_.several.emplace_back();
      for (uint32_t n = random_.below(4), code = 0; n > 0 && code < categories; --n, ++code)
        world_.several.back().push_back(code += random_.below(categories - code));
      world_.whole.push_back(random_.below(8) == 0 ? World::kNull
                                                   : static_cast<int>(random_.below(41)) - 20);
      const int tenths = static_cast<int>(random_.below(101)) - 50;
      world_.real.push_back(random_.below(8) == 0 ? NAN : rounded(tenths));
      world_.flag.push_back(static_cast<uint8_t>(random_.below(3)));
      world_.titles.push_back(random_.below(6) == 0 ? "" : numbered("title ", random_.below(9), 1));
    }
    for (uint32_t n = random_.below(40); n > 0; --n) world_.events.push_back(event(rows));
    if (random_.below(4) > 0) world_.plan = random_.below(2) == 0 ? "gold" : "basic";
    if (random_.below(4) > 0) world_.years = random_.below(90);
  }

  Event event(uint32_t rows) {
    Event event{.row = random_.below(rows),
                .type = kTypes[random_.below(3)],
                .value = rounded(static_cast<int>(random_.below(50))),
                .time = static_cast<int64_t>(900 + random_.below(100))};
    if (random_.below(6) == 0) event.value = NAN;
    for (const char* device : kDevices)
      if (random_.below(2) == 0) event.devices.push_back(device);
    if (random_.below(4) > 0) event.spent = (static_cast<int>(random_.below(101)) - 50) / 10.0;
    event.gift = static_cast<uint8_t>(random_.below(3));
    if (random_.below(3) > 0) event.note = numbered("note ", random_.below(4), 1);
    return event;
  }

  Node condition(bool ofUser, bool mayLack, FilterValues& values, Text& text) {
    Node node;
    do {
      node.field = static_cast<Field>(random_.below(kFields));
    } while (ofUser && !isOfUser(node.field));
    const bool orders = isNumber(node.field) && random_.below(2) == 0;
    const char* orderings[] = {"<", "<=", ">", ">="};
    const char* others[] = {"IN", "NOT IN", "=", "!="};
    node.relation = (orders ? orderings : others)[random_.below(4)];
    const bool list = node.relation.is("IN") || node.relation.is("NOT IN");
    text += Text(kNames[static_cast<size_t>(node.field)]) + " " + node.relation + " ";
    if (list) text += "(";
    const uint32_t count = list ? 1 + random_.below(3) : 1;
    for (uint32_t i = 0; i < count; ++i) {
      if (i > 0) text += ", ";
      addValue(node, mayLack, values, text);
    }
    if (list) text += ")";
    return node;
  }

  Node tree(bool ofUser, bool mayLack, uint32_t depth, FilterValues& values, Text& text) {
    const uint32_t kind = depth == 0 ? 0 : random_.below(6);
    if (kind < 2) return condition(ofUser, mayLack, values, text);
    Node node;
    if (kind == 2) {
      node.kind = Node::Kind::no;
      text += "NOT (";
      node.parts.push_back(tree(ofUser, mayLack, depth - 1, values, text));
      text += ")";
      return node;
    }
    node.kind = kind < 5 ? Node::Kind::all : Node::Kind::any;
    for (uint32_t n = 2 + random_.below(2), i = 0; i < n; ++i) {
      if (i > 0) text += node.kind == Node::Kind::all ? " AND " : " OR ";
      const bool inside = random_.below(2) == 0 || node.kind == Node::Kind::all;
      text += inside ? "(" : "";
      node.parts.push_back(inside ? tree(ofUser, mayLack, depth - 1, values, text)
                                  : condition(ofUser, mayLack, values, text));
      text += inside ? ")" : "";
    }
    return node;
  }

  uint32_t below(uint32_t bound) { return random_.below(bound); }
  static constexpr const char* kTypes[] = {"click", "view", "buy"};
  static constexpr const char* kDevices[] = {"phone", "tablet"};

 private:
  /// Numbers are floats, as columns and events have them.
  static double rounded(int tenths) {
    return static_cast<double>(static_cast<float>(static_cast<double>(tenths) / 10.0));
  }

  void addValue(Node& node, bool mayLack, FilterValues& values, Text& text) {
    Text value;
    if (isNumber(node.field)) {
      const int tenths = node.field == Field::real || node.field == Field::value ||
                                 node.field == Field::spent
                             ? static_cast<int>(random_.below(101)) - 50
                             : 10 * (static_cast<int>(random_.below(41)) - 20);
      if (node.field == Field::time) {
        const uint32_t ago = random_.below(100);
        node.numbers.push_back(world_.now - ago);
        text += random_.below(2) == 0 ? whole(static_cast<int>(1000 - ago))
                                      : "now() - " + whole(static_cast<int>(ago)) + "s";
        return;
      }
      const bool exact = node.field == Field::whole || node.field == Field::age;
      value = exact ? whole(tenths / 10) : decimal(tenths);
      const bool isDouble = exact || node.field == Field::spent;
      node.numbers.push_back(isDouble ? tenths / 10.0 : rounded(tenths));
    } else {
      value = textFor(node.field);
      node.values.push_back(value);
    }
    if (random_.below(4) > 0 || value.is("*")) {
      text += isNumber(node.field) ? value : "\"" + value + "\"";
      return;
    }
    const Text name = numbered("P", nextName_++, 4);
    text += "$" + name;
    if (mayLack && random_.below(4) == 0) {
      node.lacksValue = true;
    } else {
      const Text given = isNumber(node.field) ? value : "\"" + value + "\"";
      (void)values.set(name, given);
    }
  }

  Text textFor(Field field) {
    switch (field) {
      case Field::single:
      case Field::several: return numbered("cat ", random_.below(14), 2);
      case Field::flag:
      case Field::gift: return random_.below(2) == 0 ? "true" : "false";
      case Field::title: return numbered("title ", random_.below(10), 1);
      case Field::id: return numbered("i", random_.below(80), 5);
      case Field::device: return random_.below(3) == 0 ? "tv" : kDevices[random_.below(2)];
      case Field::note: return numbered("note ", random_.below(5), 1);
      case Field::type: return random_.below(4) == 0 ? "*" : kTypes[random_.below(3)];
      default: return random_.below(2) == 0 ? "gold" : "basic";
    }
  }

  Random random_;
  World& world_;
  uint32_t nextName_ = 0;
};

struct Expression {
  bool includes = false, hasIf = false;
  Node where, condition;
};

}  // namespace

namespace {

/// Whether the few rows that are found without judging all are those that pass; scratch.passes is
/// the result of run() before and after.
bool fewAreRight(const Filter& filter, const FilterRows& rows, const FilterRequest& request,
                 FilterScratch& scratch, FilterTrial& trial) {
  const std::vector<uint8_t> passes(scratch.passes.begin(), scratch.passes.end());
  auto runner = filter.start(rows, request, scratch);
  const auto few = runner.ok() ? runner.value().judgeFew(scratch.rows) : Result<bool>(runner.error());
  bool right = few.ok();
  if (few.ok() && few.value()) {
    ++trial.few;
    std::vector<uint8_t> found(passes.size());
    for (const uint32_t row : scratch.rows) right &= ++found[row] == 1;
    right &= found == passes;
  }
  for (size_t row = 0; row < passes.size(); ++row) scratch.passes[row] = passes[row];
  return right;
}

}  // namespace

FilterTrial tryRandomFilters(uint32_t seed, uint32_t filters) {
  World world;
  Maker maker(seed, world);
  maker.makeWorld();
  const Tables tables(world);
  const Vocabulary ids(tables.ids.view());
  const FilterRows rows{ids, tables.catalogue};
  Session session(ids, 100);
  for (const Event& event : world.events) {
    const Buffer<char> context = event.context();
    (void)session.record(world.ids[event.row], event.type, event.time,
                         static_cast<float>(event.value), {context.data(), context.size()});
  }
  (void)session.profile().set("PLAN", world.plan);
  if (!std::isnan(world.years))
    (void)session.profile().set("AGE", whole(static_cast<int>(world.years)));
  const auto fields = FilterFields::of(tables.catalogue, tables.queryColumns);
  const Evaluator evaluator(world);
  FilterScratch scratch;
  FilterTrial trial;
  trial.hash = 2166136261u;
  for (; trial.filters < filters; ++trial.filters) {
    FilterValues values;
    Text text;
    std::vector<Expression> expressions;
    for (uint32_t n = 1 + maker.below(3), i = 0; i < n; ++i) {
      Expression one;
      one.includes = maker.below(2) == 0;
      one.hasIf = maker.below(3) == 0;
      text += Text(i > 0 ? " | " : "") + (one.includes ? "INCLUDE" : "EXCLUDE") +
              " ItemID WHERE ";
      one.where = maker.tree(false, !one.includes, 3, values, text);
      if (one.hasIf) {
        text += " IF ";
        one.condition = maker.tree(true, !one.includes, 1, values, text);
      }
      expressions.push_back(one);
    }
    FilterHint hint;
    auto filter = Filter::compile(text, fields.value(), FilterLanguage::extended, hint);
    const bool prepares = trial.filters % 2 == 1;
    if (filter.ok() && prepares && !filter.value().prepare(rows).ok()) ++trial.mistaken;
    if (!filter.ok() ||
        !filter.value().run(rows, {&session, &values, world.now}, scratch).ok()) {
      ++trial.mistaken;
      continue;
    }
    bool right = fewAreRight(filter.value(), rows, {&session, &values, world.now}, scratch, trial);
    for (uint32_t row = 0; row < ids.size(); ++row) {
      bool includes = false, included = false, excluded = false;
      for (const Expression& one : expressions) {
        if (one.hasIf && !evaluator.holds(one.condition, 0, nullptr, false)) continue;
        const bool holds = evaluator.holdsFor(one.where, row);
        includes |= one.includes;
        (one.includes ? included : excluded) |= holds;
      }
      const bool passes = (included || !includes) && !excluded;
      right &= passes == (scratch.passes[row] != 0);
      trial.passed += scratch.passes[row];
      trial.hash = (trial.hash ^ scratch.passes[row]) * 16777619u;
    }
    trial.mistaken += !right;
  }
  return trial;
}

}  // namespace attune::testing
