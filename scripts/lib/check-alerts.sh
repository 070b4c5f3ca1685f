#!/usr/bin/env bash
# The alert rules and their tests, the routes of the alerts, and what all of it has to agree with in the code.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
failed=0

# quiet <command …>: prints what it says only if it fails.
quiet() {
  local said
  if ! said=$("$@" 2>&1); then
    printf '%s\n%s\n' "$*" "$said"
    failed=1
  fi
}
routes_to() { quiet "$FRONTDESK_AMTOOL" config routes test --config.file=infra/alertmanager/alertmanager.yaml --verify.receivers="$1" "$2"; }

quiet "$FRONTDESK_PROMTOOL" check config infra/prometheus/prometheus.yaml
quiet "$FRONTDESK_PROMTOOL" check rules infra/prometheus/rules.yaml
quiet "$FRONTDESK_PROMTOOL" test rules infra/prometheus/rules.test.yaml
quiet "$FRONTDESK_AMTOOL" check-config infra/alertmanager/alertmanager.yaml
routes_to pager severity=critical
routes_to chat severity=warning
quiet node scripts/src/monitoring/check-monitoring.ts
exit $failed
