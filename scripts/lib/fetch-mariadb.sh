#!/usr/bin/env bash
# Fills the folder $1 with MariaDB's server of this machine's Debian release, and exactly the libraries that the system lacks for it.
set -euo pipefail
target=$1
work=$target/apt
. "$(dirname "${BASH_SOURCE[0]}")/private-apt.sh"
private_apt "$work"

apt-get "${apt[@]}" update
# The client package holds my_print_defaults, which mariadb-install-db runs. --reinstall fetches what is installed, too.
apt-get "${apt[@]}" install --yes --download-only --reinstall --no-install-recommends mariadb-server-core mariadb-client-core
for package in "$work"/archives/*.deb; do dpkg -x "$package" "$target"; done
rm -rf "$work"
LD_LIBRARY_PATH=$target/usr/lib/x86_64-linux-gnu:$target/lib/x86_64-linux-gnu "$target/usr/sbin/mariadbd" --no-defaults --version
