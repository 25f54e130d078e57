// What Emscripten's standalone library would import from the host, defined here, so that the module
// imports nothing. All of it must be defined, or the linker takes the library's set.
#include <cstddef>

extern "C" {

size_t emscripten_get_heap_size() { return __builtin_wasm_memory_size(0) << 16; }

size_t emscripten_get_heap_max() { return 0x80000000u; }

/// Called by sbrk. Grows by at least a quarter (at most 64 MiB) so that growing stays rare.
int emscripten_resize_heap(size_t size) {
  const size_t current = __builtin_wasm_memory_size(0);
  const size_t wanted = (size + 65535) >> 16;
  if (wanted <= current) return 1;
  const size_t quarter = current / 4 > 1024 ? 1024 : current / 4;
  const size_t missing = wanted - current;
  if (quarter > missing && __builtin_wasm_memory_grow(0, quarter) != static_cast<size_t>(-1)) return 1;
  return __builtin_wasm_memory_grow(0, missing) != static_cast<size_t>(-1);
}

void* emscripten_memcpy_big(void* to, const void* from, size_t count) {
  return __builtin_memcpy(to, from, count);
}

/// A bug becomes WebAssembly.RuntimeError in the host, never the end of a process.
[[noreturn]] void abort() { __builtin_trap(); }
[[noreturn]] void _Exit(int) { __builtin_trap(); }
}
