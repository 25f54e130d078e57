#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime/bundle/catalogue.h"
#include "runtime/bundle/query_columns.h"
#include "runtime/serve/session.h"

/// What random filters are tried on, and the plain evaluator they are compared with.
namespace attune::testing {

/// A text; std::string needs more of a system than the wasm module has.
class Text {
 public:
  Text() = default;
  Text(const char* from) { *this += from; }                            // NOLINT: as std::string
  Text(std::string_view from) : bytes_(from.begin(), from.end()) {}    // NOLINT: as std::string
  operator std::string_view() const { return {bytes_.data(), bytes_.size()}; }  // NOLINT
  Text& operator+=(std::string_view more) {
    bytes_.insert(bytes_.end(), more.begin(), more.end());
    return *this;
  }
  void insertFront(char c) { bytes_.insert(bytes_.begin(), c); }
  bool is(std::string_view text) const { return std::string_view(*this) == text; }
  bool empty() const { return bytes_.empty(); }
  size_t size() const { return bytes_.size(); }
  char operator[](size_t i) const { return bytes_[i]; }

 private:
  std::vector<char> bytes_;
};

inline Text operator+(Text a, std::string_view b) { return a += b; }
using Texts = std::vector<Text>;

inline Text numbered(const char* prefix, uint32_t number, uint32_t digits) {
  Text text;
  for (; digits > 0; --digits, number /= 10)
    text.insertFront(static_cast<char>('0' + number % 10));
  return Text(prefix) + text;
}

/// A number in digits.
inline Text whole(int number) {
  Text text;
  for (int rest = number < 0 ? -number : number; rest > 0 || text.empty(); rest /= 10)
    text.insertFront(static_cast<char>('0' + rest % 10));
  return number < 0 ? Text("-") + text : text;
}

/// Tenths as a decimal number: -15 is -1.5.
inline Text decimal(int tenths) {
  const int size = tenths < 0 ? -tenths : tenths;
  return Text(tenths < 0 ? "-" : "") + whole(size / 10) + "." + whole(size % 10);
}

/// Strings as the runtime looks at them.
struct Strings {
  Text text;
  std::vector<uint32_t> offsets{0};
  void add(const Text& one) {
    text += one;
    offsets.push_back(static_cast<uint32_t>(text.size()));
  }
  StringsView view() const { return {text, offsets}; }
};

enum class Field : uint8_t {
  single, several, whole, real, flag, title, id, type, value, time, device, spent, gift, note, plan, age
};
constexpr uint32_t kFields = 16;
constexpr const char* kNames[kFields] = {
    "Items.SINGLE", "Items.SEVERAL", "Items.WHOLE", "Items.REAL", "Items.FLAG", "Items.TITLE",
    "Items.ITEM_ID", "Interactions.EVENT_TYPE", "Interactions.EVENT_VALUE",
    "Interactions.TIMESTAMP", "Interactions.DEVICE", "interactions.spent", "Interactions.GIFT",
    "Interactions.NOTE", "CurrentUser.PLAN", "CurrentUser.AGE"};

inline bool isNumber(Field f) {
  return f == Field::whole || f == Field::real || f == Field::value || f == Field::time ||
         f == Field::spent || f == Field::age;
}
inline bool isOfEvents(Field f) { return f >= Field::type && f <= Field::note; }
inline bool isOfUser(Field f) { return f == Field::plan || f == Field::age; }

/// A condition, or several: what an expression is written from.
struct Node {
  enum class Kind : uint8_t { condition, all, any, no } kind = Kind::condition;
  std::vector<Node> parts;
  Field field = Field::single;
  Text relation;  // IN, NOT IN, =, !=, <, <=, >, >=
  Texts values;
  std::vector<double> numbers;
  bool lacksValue = false;  // of a placeholder
};

struct Event {
  uint32_t row;
  Text type;
  double value;  // null: NaN
  int64_t time;
  Texts devices;
  double spent = NAN;  // null: NaN
  uint8_t gift = 2;    // null: 2
  Text note;

  /// As a session is told.
  Buffer<char> context() const {
    Buffer<char> said;
    Text all;
    for (const Text& one : devices) all = all.empty() ? one : all + "|" + one;
    (void)event_context::add("DEVICE", all, said);
    if (!std::isnan(spent))
      (void)event_context::add("Spent", decimal(static_cast<int>(std::lround(spent * 10))), said);
    if (gift != 2) (void)event_context::add("GIFT", gift == 1 ? "true" : "false", said);
    (void)event_context::add("NOTE", note, said);
    return said;
  }
};

/// Everything a filter looks at, plainly.
struct World {
  std::vector<uint32_t> single;
  std::vector<std::vector<uint32_t>> several;
  std::vector<int> whole;     // null: kNull
  std::vector<double> real;   // null: NaN
  std::vector<uint8_t> flag;  // null: 2
  Texts titles, ids, categories;
  std::vector<Event> events;
  Text plan;
  double years = NAN;
  double now = 1000;
  static constexpr int kNull = -1000000;
};

class Evaluator {
 public:
  explicit Evaluator(const World& world) : world_(world) {}

  bool holds(const Node& node, uint32_t row, const Event* event, bool negated) const {
    switch (node.kind) {
      case Node::Kind::no: return holds(node.parts[0], row, event, !negated);
      case Node::Kind::condition: return conditionHolds(node, row, event, negated);
      default: break;
    }
    const bool all = (node.kind == Node::Kind::all) != negated;
    for (const Node& part : node.parts)
      if (holds(part, row, event, negated) != all) return !all;
    return all;
  }

  /// For the events with the row, or for the row alone.
  bool holdsFor(const Node& node, uint32_t row) const {
    bool has = false;
    for (const Event& event : world_.events) {
      if (event.row != row) continue;
      has = true;
      if (holds(node, row, &event, false)) return true;
    }
    return !has && holds(node, row, nullptr, false);
  }

 private:
  bool conditionHolds(const Node& c, uint32_t row, const Event* event, bool negated) const {
    if (c.lacksValue || (isOfEvents(c.field) && event == nullptr)) return false;
    if (c.relation[0] == '<' || c.relation[0] == '>') return ordered(c, row, event, negated);
    const bool not_ = (c.relation.is("NOT IN") || c.relation.is("!=")) != negated;
    return isAmong(c, row, event) != not_;
  }

  bool ordered(const Node& c, uint32_t row, const Event* event, bool negated) const {
    const double x = numberOf(c.field, row, event);
    if (std::isnan(x)) return false;
    bool found = false;
    for (const double y : c.numbers) {
      const bool less = c.relation[0] == '<', orEqual = c.relation.size() == 2;
      const bool holds = x == y ? orEqual : (x < y) == less;
      found |= holds != negated;
    }
    return found;
  }

  double numberOf(Field field, uint32_t row, const Event* event) const {
    switch (field) {
      case Field::whole:
        return world_.whole[row] == World::kNull ? NAN : static_cast<double>(world_.whole[row]);
      case Field::real: return world_.real[row];
      case Field::value: return event->value;
      case Field::time: return static_cast<double>(event->time);
      case Field::spent: return event->spent;
      default: return world_.years;
    }
  }

  bool isAmong(const Node& c, uint32_t row, const Event* event) const {
    if (isNumber(c.field)) {
      for (const double y : c.numbers)
        if (numberOf(c.field, row, event) == y) return true;
      return false;
    }
    Texts own;
    if (c.field == Field::single) own = {world_.categories[world_.single[row]]};
    if (c.field == Field::several)
      for (const uint32_t code : world_.several[row]) own.push_back(world_.categories[code]);
    if (c.field == Field::flag && world_.flag[row] != 2)
      own = {world_.flag[row] == 1 ? "true" : "false"};
    if (c.field == Field::title && !world_.titles[row].empty()) own = {world_.titles[row]};
    if (c.field == Field::id) own = {world_.ids[row]};
    if (c.field == Field::type) own = {event->type};
    if (c.field == Field::device) own = event->devices;
    if (c.field == Field::gift && event->gift != 2) own = {event->gift == 1 ? "true" : "false"};
    if (c.field == Field::note && !event->note.empty()) own = {event->note};
    if (c.field == Field::plan && !world_.plan.empty()) own = {world_.plan};
    for (const Text& one : own)
      for (const Text& value : c.values)
        if (one.is(value) || (c.field == Field::type && value.is("*"))) return true;
    return false;
  }

  const World& world_;
};

/// A world as the runtime holds it.
struct Tables {
  Strings ids, categories, titles;
  std::vector<uint32_t> single, several, severalOffsets{0};
  std::vector<uint8_t> severalLengths;
  std::vector<uint32_t> severalMarks;
  std::vector<int32_t> whole;
  std::vector<float> real;
  Catalogue catalogue;
  QueryColumns queryColumns;  // what events carry

  explicit Tables(const World& world) {
    for (const Text& one : world.categories) categories.add(one);
    for (size_t row = 0; row < world.ids.size(); ++row) {
      ids.add(world.ids[row]);
      titles.add(world.titles[row]);
      single.push_back(world.single[row]);
      if (row % RowsView::kMarked == 0)
        severalMarks.push_back(static_cast<uint32_t>(several.size()));
      severalLengths.push_back(static_cast<uint8_t>(world.several[row].size()));
      for (const uint32_t code : world.several[row]) several.push_back(code);
      severalOffsets.push_back(static_cast<uint32_t>(several.size()));
      whole.push_back(world.whole[row]);
      real.push_back(static_cast<float>(world.real[row]));
    }
    addCategories("SINGLE", single, RowsView::oneEach(static_cast<uint32_t>(single.size())));
    const bool byLengths = world.ids.size() % 2 == 0;
    addCategories("SEVERAL", several,
                  byLengths ? RowsView(severalLengths, severalMarks) : RowsView(severalOffsets));
    addNumbers("WHOLE", ColumnType::Integer, whole.data(), whole.size(), NumberView::Type::i32,
               World::kNull);
    addNumbers("REAL", ColumnType::Real, real.data(), real.size(), NumberView::Type::f32, NAN);
    addNumbers("FLAG", ColumnType::Boolean, world.flag.data(), world.flag.size(),
               NumberView::Type::u8, 2);
    CatalogueColumn title;
    title.name = "TITLE";
    title.texts = titles.view();
    (void)catalogue.add(title);
    constexpr ColumnType kTypes[] = {ColumnType::Categorical, ColumnType::Real,
                                     ColumnType::Boolean, ColumnType::Text};
    constexpr const char* kColumns[] = {"DEVICE", "SPENT", "GIFT", "NOTE"};
    for (size_t i = 0; i < 4; ++i)
      (void)queryColumns.add({.name = kColumns[i], .kind = QueryKind::Context, .type = kTypes[i]});
  }

  void addCategories(const char* name, const std::vector<uint32_t>& codes,
                     const RowsView& rows) {
    CatalogueColumn column;
    column.name = name;
    column.type = ColumnType::Categorical;
    column.codes = {reinterpret_cast<const uint8_t*>(codes.data()), codes.size(), 4};
    column.codeRows = rows;
    column.values = categories.view();
    (void)catalogue.add(column);
  }

  void addNumbers(const char* name, ColumnType type, const void* numbers, size_t count,
                  NumberView::Type width, double null) {
    CatalogueColumn column;
    column.name = name;
    column.type = type;
    column.numbers = {static_cast<const uint8_t*>(numbers), count, width};
    column.nullNumber = null;
    (void)catalogue.add(column);
  }
};

}  // namespace attune::testing
