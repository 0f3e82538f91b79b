#!/bin/sh
# rust-ready.sh TARGET: the toolchain of rust-toolchain.toml with its components and the wasm target. rustup installs
# them by itself only where its auto-install is on.
set -eu
command -v cargo >/dev/null || { echo "cargo is missing: install Rust (rustup)" >&2; exit 1; }
command -v rustup >/dev/null || exit 0   # a distribution's Rust: cargo says what is missing

rustup show active-toolchain >/dev/null 2>&1 || rustup toolchain install
rustup target list --installed | grep -qx "$1" || rustup target add "$1"
cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
