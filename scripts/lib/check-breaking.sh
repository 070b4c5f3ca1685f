#!/usr/bin/env bash
# Compares proto/ with that of the last release before this commit, or of its first parent where there was none yet.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if ! git rev-parse --quiet --verify 'HEAD^1^{commit}' >/dev/null 2>&1; then
  echo 'skipped: no earlier commit here (the first one, or a shallow clone)'
  exit 0
fi
against=$(git describe --tags --abbrev=0 --match 'v[0-9]*' HEAD^1 2>/dev/null || git rev-parse HEAD^1)
if ! git cat-file -e "$against:proto" 2>/dev/null; then
  echo "skipped: $against has no proto/"
  exit 0
fi
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
git archive "$against" proto buf.yaml | tar -x -C "$before"
node_modules/.bin/buf breaking --against "$before"
