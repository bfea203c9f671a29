#!/bin/sh
# plugin.c -> awk-c.wasm. Needs clang and wit-bindgen in PATH, wasi-libc below $WASI, and the linkers that come with Rust.
set -eu
cd "$(dirname "$0")"
: "${WASI:=/usr}"
linkers=$(rustc --print target-libdir)/../bin
wit-bindgen c ../../wit --world plugin-with-classify --rename-world plugin --out-dir bindings
for source in plugin bindings/plugin; do
  clang --target=wasm32-wasi -std=c17 -Os -Wall -Wextra -isystem "$WASI/include/wasm32-wasi" -Ibindings \
    -c "$source.c" -o "bindings/$(echo "$source" | tr / _).o"
done
"$linkers/wasm-component-ld" --wasm-ld-path "$linkers/gcc-ld/wasm-ld" --no-entry --gc-sections --strip-all \
  -L"$WASI/lib/wasm32-wasi" bindings/*.o -lc -o awk-c.wasm
