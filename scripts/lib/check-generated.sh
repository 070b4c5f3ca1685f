#!/usr/bin/env bash
# Generates again, in a temporary copy, and compares: for the contracts what ./scripts/generate writes, for each service the migrations
# of its schema. So it works on a dirty tree, and changes nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
stale=0

mkdir -p "$copy/scripts" "$copy/packages/contracts/src"
cp scripts/generate "$copy/scripts/"
cp -r proto buf.yaml buf.gen.yaml package.json pnpm-workspace.yaml "$copy/"
ln -s "$root/node_modules" "$copy/node_modules"
mkdir -p "$copy/infra/nats"
cp infra/nats/subscribers.json "$copy/infra/nats/"
for part in lib src; do ln -s "$root/scripts/$part" "$copy/scripts/$part"; done
"$copy/scripts/generate"
for generated in packages/contracts/src/gen packages/contracts/asyncapi infra/nats/permissions.conf; do
  if ! diff -r "$copy/$generated" "$generated" >"$copy/difference"; then
    sed -n '1,20p' "$copy/difference"
    echo "$generated is stale: run ./scripts/generate"
    stale=1
  fi
done

generate_migrations() {
  local service=$1 part
  mkdir -p "$copy/$service"
  for part in src package.json drizzle.config.ts node_modules; do ln -s "$root/$service/$part" "$copy/$service/$part"; done
  if [[ -d $service/drizzle ]]; then cp -r "$service/drizzle" "$copy/$service/"; fi
  cd "$copy/$service" && node_modules/.bin/drizzle-kit generate --config drizzle.config.ts >"$copy/$service/log" 2>&1
}

services=()
generating=()
for config in services/*/drizzle.config.ts; do
  services+=("${config%/drizzle.config.ts}")
  generate_migrations "${config%/drizzle.config.ts}" &
  generating+=($!)
done
for index in "${!services[@]}"; do
  service=${services[index]}
  if ! wait "${generating[index]}"; then
    cat "$copy/$service/log"
    stale=1
  elif ! diff -rq "$copy/$service/drizzle" "$service/drizzle" >"$copy/difference"; then
    sed -n '1,20p' "$copy/difference"
    echo "$service/drizzle lacks a migration: run pnpm exec drizzle-kit generate there"
    stale=1
  fi
done
exit $stale
