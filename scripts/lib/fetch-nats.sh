#!/usr/bin/env bash
# Fills the folder $1 with nats-server ≥ 2.10 from this machine's Debian mirror: of its own release where that is new enough, else of
# trixie, whose binary needs nothing of the system but its libc. Signatures are checked by the keyring that is already here.
set -euo pipefail
target=$1
work=$target/apt
. "$(dirname "${BASH_SOURCE[0]}")/private-apt.sh"
private_apt "$work"

. /etc/os-release
suite=$VERSION_CODENAME
if [[ ${VERSION_ID:-13} -lt 13 ]]; then suite=trixie; fi
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
if [[ ! -r $keyring ]]; then
  echo "$keyring is missing: apt-get install debian-archive-keyring" >&2
  exit 1
fi

# apt prints where it would look, from either of its two source formats: so no mirror is written down here. (-qq would silence it.)
mirror=$(apt-get "${apt[@]:1}" update --print-uris | sed -n "s#^'\(.*\)/dists/$VERSION_CODENAME/InRelease'.*#\1#p" | sed -n 1p)
if [[ -z $mirror ]]; then
  echo "apt knows no mirror for $VERSION_CODENAME: see /etc/apt/sources.list" >&2
  exit 1
fi

echo "deb [signed-by=$keyring] $mirror $suite main" >"$work/sources.list"
apt+=(-o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null)
apt-get "${apt[@]}" update
(cd "$work" && apt-get "${apt[@]}" download nats-server)
dpkg -x "$work"/nats-server_*.deb "$work/root"
mv "$work/root/usr/sbin/nats-server" "$target/nats-server"
rm -rf "$work"
"$target/nats-server" --version
