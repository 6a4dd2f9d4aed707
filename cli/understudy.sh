#!/bin/sh
# The `understudy` command, from any folder. In a clone of the repository it gets the npm packages when they are missing and
# runs the sources on the pinned Node; installed as a package it runs what was built, on the Node that is there.
set -eu
here=$(dirname -- "$(readlink -f -- "$0")")
if [ -f "$here/../setup/ensure.sh" ]; then
  exec sh "$here/../setup/ensure.sh" cli/bin.ts "$@"
fi
version=$(node --version 2>/dev/null) || version=none
major=${version#v}
major=${major%%.*}
if ! [ "$major" -ge 22 ] 2>/dev/null; then
  echo "understudy: needs Node 22 or newer on the PATH, found: $version" >&2
  exit 2
fi
exec node "$here/../dist/cli/bin.js" "$@"
