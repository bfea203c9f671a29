#!/bin/sh
# plugin.js -> lua-js.wasm. Needs componentize-js in PATH. All of WASI is disabled: a plan needs none of it.
set -eu
cd "$(dirname "$0")"
componentize-js plugin.js --wit ../../wit --world-name plugin-with-classify \
  --disable stdio random clocks http fetch-event --out lua-js.wasm
