#!/bin/sh
# plugin.js -> lua-js.wasm. Needs componentize-qjs in PATH. All of WASI is stubbed out: a plan needs none of it.
set -eu
cd "$(dirname "$0")"
componentize-qjs --wit ../../wit --world plugin-with-classify --js plugin.js --stub-wasi --sync --opt-size --output lua-js.wasm
