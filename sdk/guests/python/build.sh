#!/bin/sh
# plugin.py -> perl-py.wasm. Needs componentize-py in PATH.
set -eu
cd "$(dirname "$0")"
componentize-py --wit-path ../../wit --world plugin-with-classify componentize --stub-wasi --output perl-py.wasm plugin
