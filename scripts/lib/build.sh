# Sourced: builds the services' bundles; silent unless it fails.
say 'services: building'
if ! bundles=$(pnpm build --output-logs=errors-only 2>&1); then
  printf '%s\n' "$bundles" >&2
  fail 'the services could not be built: the reason is above'
fi
