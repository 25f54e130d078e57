#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "runtime/serve/engine.h"

namespace attune::trainer {

/// The user's words for an error of the runtime: `what: reason (byte 123)`.
[[noreturn]] void throwRuntimeError(const std::string& what, const Error& error);

/// The value of a runtime's result; throws UserError when it has none.
template <typename T>
T& valueOf(Result<T>& result, const std::string& what) {
  if (!result.ok()) throwRuntimeError(what, result.error());
  return result.value();
}

/// A bundle opened as a device opens it, with the memory it lies in. Immutable: threads may share
/// it, each with its own Scratch and Session.
class ServedBundle {
 public:
  /// Copies the bytes, as the runtime wants them aligned. `name` is for messages. Throws UserError.
  ServedBundle(std::span<const uint8_t> bytes, const std::string& name);
  /// Reads a file, or of a folder that `attune publish` has made the bundle in use. Throws UserError
  /// when it cannot be read or is not a sound bundle.
  static ServedBundle read(const std::string& path);

  const Engine& engine() const { return *engine_; }
  std::span<const uint8_t> bytes() const { return bytes_.span(); }

 private:
  ServedBundle(Buffer<uint8_t> bytes, const std::string& name);

  Buffer<uint8_t> bytes_;
  Owned<Engine> engine_;
};

/// What is wrong with a filter expression, with a mark under the mistake.
std::string describeMistake(const std::string& expression, const Error& error,
                            const FilterHint& hint);

/// Compiles a filter expression. Throws UserError with the expression and a mark under the mistake.
Filter parseFilter(const std::string& expression, const FilterFields& fields,
                   FilterLanguage language = FilterLanguage::extended);

/// What somebody means by a filter: the expression of the bundle's filter of that name, or `text`
/// itself, as no expression is a single word. Throws UserError for a name the bundle does not have.
std::string filterExpression(const NamedFilters& filters, const std::string& text);

/// The filter that leaves out whatever the user had before.
Filter seenItemsFilter();

}  // namespace attune::trainer
