# The compiler flags that every target shares, native and wasm alike (the interface target
# attune_flags), and the private include folder for system headers.

option(ATTUNE_BUILD_TESTS "Build the native tests" ON)
option(ATTUNE_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(ATTUNE_WERROR "Treat warnings as errors" ON)

add_library(attune_flags INTERFACE)
target_compile_options(attune_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers
  # Scores must be bit-identical natively and in wasm: no fused multiply-add, no reassociation.
  -ffp-contract=off -fno-fast-math)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # g++ 12 warns of impossible overlaps in std::string (its bug 105651).
  target_compile_options(attune_flags INTERFACE -Wno-restrict)
endif()
if(ATTUNE_WERROR)
  target_compile_options(attune_flags INTERFACE -Werror)
endif()
if(ATTUNE_SANITIZE)
  target_compile_options(attune_flags INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
    # The runtime has no run-time type information, which this one check needs.
    -fno-sanitize=vptr)
  target_link_options(attune_flags INTERFACE -fsanitize=address,undefined)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # g++ 12 takes std::regex for uninitialised under the sanitizers (its bug 105562).
    target_compile_options(attune_flags INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()

# em++ breaks when /usr/include itself is on its path, so the few header-only libraries that both
# targets share are linked into a folder of their own.
set(ATTUNE_THIRD_PARTY ${CMAKE_BINARY_DIR}/third_party)
file(MAKE_DIRECTORY ${ATTUNE_THIRD_PARTY})
foreach(name flatbuffers)
  file(CREATE_LINK /usr/include/${name} ${ATTUNE_THIRD_PARTY}/${name} SYMBOLIC)
endforeach()
