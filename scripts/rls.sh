#!/bin/sh
# rls.sh FOLDER: builds the rate limit service of the tests, and installs what it needs: Redis, and the OpenSSL that its client
# of Redis is linked with.
set -eu
scripts/debian-tool.sh redis-server redis-server
scripts/debian-tool.sh pkg-config pkg-config
pkg-config --exists openssl || scripts/debian-tool.sh "OpenSSL for C" libssl-dev
cargo build --quiet --locked --manifest-path tests/rls/Cargo.toml --target-dir "$1"
