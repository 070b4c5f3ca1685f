#!/usr/bin/env bash
# Fills the folder $1 with prometheus, promtool, prometheus-alertmanager and amtool of this machine's Debian release: Go programs that
# need nothing of the system but its libc, so their packages' dependencies are left out.
set -euo pipefail
target=$1
work=$target/apt
. "$(dirname "${BASH_SOURCE[0]}")/private-apt.sh"
private_apt "$work"

apt-get "${apt[@]}" update
(cd "$work" && apt-get "${apt[@]}" download prometheus prometheus-alertmanager)
for package in "$work"/*.deb; do dpkg -x "$package" "$work/root"; done
mv "$work"/root/usr/bin/{prometheus,promtool,prometheus-alertmanager,amtool} "$target/"

# Debian's Alertmanager reads its templates from /usr/share, where nothing of ours is installed. This copy of it reads them from the
# folder it is started in, which is this one: a name of the same length, since Go keeps a string's length apart.
mv "$work"/root/usr/share/prometheus/alertmanager/*.tmpl "$target/"
LC_ALL=C sed -i 's#/usr/share/prometheus/alertmanager#/proc/self/cwd////////////////////#g' "$target/prometheus-alertmanager"
rm -rf "$work"
for program in prometheus promtool prometheus-alertmanager amtool; do "$target/$program" --version; done
