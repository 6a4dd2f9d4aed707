#!/bin/sh
# The `understudy` command, from any folder: gets the npm packages when they are missing, then runs on the pinned Node.
set -eu
here=$(dirname -- "$(readlink -f -- "$0")")
exec sh "$here/../setup/ensure.sh" cli/bin.ts "$@"
