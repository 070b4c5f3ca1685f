# Sourced by the commands in scripts/: where things are, how to speak, and how to install something once.

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$lib/../.." && pwd)

# packages/testing/src/binaries.ts looks in the same place, for those who run vitest directly.
if [[ -z ${FRONTDESK_CACHE:-} ]]; then
  FRONTDESK_CACHE=${XDG_CACHE_HOME:-${HOME:?HOME is not set: set it, or FRONTDESK_CACHE}/.cache}/frontdesk
fi
export FRONTDESK_CACHE

say() { printf '· %s\n' "$*" >&2; }

fail() {
  printf '✗ %s\n' "$*" >&2
  exit 1
}

# attended <command …>: runs it so that a signal which only this shell gets ends it at once, with all that it started.
attended() {
  local child status=0
  "$@" &
  child=$!
  trap "end_tree $child; exit 130" INT
  trap "end_tree $child; exit 143" TERM
  trap "end_tree $child; exit 129" HUP
  wait "$child" || status=$?
  trap - INT TERM HUP
  return "$status"
}

end_tree() {
  local child
  for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do end_tree "$child"; done
  kill "$1" 2>/dev/null || true
}

# install_once <folder in the cache> <version> <what it is> <command …>
# The command fills the folder that is appended to its arguments. It works in a temporary one, which is renamed into place once
# it is whole and marked: so neither two starters at once nor a killed download leave anything half done.
install_once() {
  local folder=$FRONTDESK_CACHE/$1 version=$2 what=$3
  shift 3
  if is_installed "$folder" "$version"; then return 0; fi

  local lock temporary started=$SECONDS
  mkdir -p "${folder%/*}" || fail "cannot write to $FRONTDESK_CACHE: set FRONTDESK_CACHE to a folder that you own"
  exec {lock}>"$folder.lock"
  if ! flock -n "$lock"; then
    say "$what: waiting for another start that is fetching it"
    attended flock "$lock"
  fi
  if ! is_installed "$folder" "$version"; then
    # We hold the lock: what lies here was left by a start that was killed.
    rm -rf "$folder".tmp.*
    temporary=$(mktemp -d "$folder.tmp.XXXXXX")
    say "$what: fetching"
    if ! attended "$@" "$temporary" >"$folder.log" 2>&1; then
      cat "$folder.log" >&2
      rm -rf "$temporary"
      fail "$what could not be fetched: the reason is above"
    fi
    printf '%s\n' "$version" >"$temporary/.version"
    chmod 755 "$temporary"
    rm -rf "$folder"
    mv -T "$temporary" "$folder"
    rm -f "$folder.log"
    say "$what: ready after $((SECONDS - started)) s"
  fi
  exec {lock}>&-
}

is_installed() { [[ -r $1/.version && $(<"$1/.version") == "$2" ]]; }
