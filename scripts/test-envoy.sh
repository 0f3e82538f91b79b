#!/bin/sh
# test-envoy.sh ENVOY PYTHON: the tests with real Envoys, as many at a time as there are processors; then those that need
# the machine for themselves. Both parts run, whatever the first one finds.
set -u
ENVOY=$1 python=$2
export ENVOY
scripts/debian-tool.sh prometheus prometheus || exit 1

run() {
  "$python" -m pytest tests/envoy tests/clients -q --durations=15 "$@"
}

run -m "not alone" -n auto --dist loadfile
several=$?
run -m alone
alone=$?
[ "$several" = 0 ] && [ "$alone" = 0 ]
