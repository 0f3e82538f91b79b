#!/bin/sh
# debian-tool.sh COMMAND PACKAGE: installs a tool of the tests where it is missing and we may; says what is missing elsewhere.
set -eu
command -v "$1" >/dev/null && exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "$1 is missing: install it (Debian: apt-get install $2)" >&2
  exit 1
fi
# The package may bring a service of its own; it need not run, the tests start their own on a free port.
export DEBIAN_FRONTEND=noninteractive
apt-get install -y -qq --no-install-recommends "$2" >/dev/null 2>&1 ||
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$2" >/dev/null; }
