#!/bin/sh
# Gets the npm packages of this folder, once, then runs a script on the Node that package.json pins:
#   sh setup/ensure.sh SCRIPT.ts [ARGUMENT...]
# SCRIPT.ts is relative to the repository, arguments to where the user is.
# Needs a POSIX shell, npm and any Node that npm itself runs on.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
fail() {
  echo "understudy: $*" >&2
  exit 2
}
[ -f "$root/package-lock.json" ] || fail "$root holds no package-lock.json: run this from a whole clone of the repository"

# npm writes this file last: it is missing after a run that was cut off, and older after a pull that changed packages.
installed=$root/node_modules/.package-lock.json
packages_are_current() {
  # A linked folder belongs to whoever made the link: installing into it would change somebody else's clone.
  [ -L "$root/node_modules" ] && return 0
  [ -f "$installed" ] && [ -x "$root/node_modules/.bin/node" ] && [ -z "$(find "$root/package-lock.json" -newer "$installed")" ]
}

lock=$root/.understudy/npm.lock
if ! packages_are_current; then
  command -v npm >/dev/null 2>&1 || fail "npm is not on the PATH: install Node 20 or newer, which brings it"
  mkdir -p "$root/.understudy"
  until mkdir "$lock" 2>/dev/null; do
    holder=$(cat "$lock/pid" 2>/dev/null || echo '')
    if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then
      rm -rf "$lock" # its process is gone: it was cut off
    elif [ -z "$holder" ] && [ -n "$(find "$lock" -prune -mmin +1 2>/dev/null)" ]; then
      rm -rf "$lock" # cut off between the two lines that take the lock
    else
      sleep 1
    fi
  done
  echo $$ >"$lock/pid"
  trap 'rm -rf "$lock"' EXIT
  trap 'exit 130' INT TERM HUP
  if ! packages_are_current; then
    echo "understudy: installing the npm packages named in package-lock.json into node_modules ..." >&2
    (cd "$root" && npm ci --no-audit --no-fund --loglevel=error >&2) || fail "npm ci failed (its message is above); run the same command again"
    touch "$installed"
  fi
  rm -rf "$lock"
  trap - EXIT INT TERM HUP
fi

# What Node makes of the sources (types stripped, bytecode) is kept: each start takes half the time. Not in a clone that cannot
# be written to; Node.js tries for ever to make a folder that cannot be.
compiled=${NODE_COMPILE_CACHE:-$root/.understudy/compiled}
if mkdir -p "$compiled" 2>/dev/null && [ -w "$compiled" ]; then
  NODE_COMPILE_CACHE=$compiled
  export NODE_COMPILE_CACHE
else
  unset NODE_COMPILE_CACHE
fi

PATH="$root/node_modules/.bin:$PATH"
export PATH
script=$root/$1
shift
exec node "$script" "$@"
