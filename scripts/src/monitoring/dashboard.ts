import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as GraphBuilder } from '@grafana/grafana-foundation-sdk/timeseries'

interface Panel {
  readonly title: string
  readonly unit?: string
  /** PromQL by the legend of its series. */
  readonly queries: Readonly<Record<string, string>>
}

interface Row {
  readonly title: string
  readonly kind: 'stat' | 'graph'
  readonly panels: readonly Panel[]
}

const service = 'job=~"$service"'
const refused = 'outcome!~"accepted|duplicate|internal|unavailable|deadline_exceeded|cancelled"'
const perSecond = (selector: string) => `rate(${selector}[$__rate_interval])`
const quantile = (q: number, histogram: string, by: string, labels = service) =>
  `histogram_quantile(${q}, sum by (${by}, le) (${perSecond(`${histogram}_bucket{${labels}}`)}))`

/** What an operator looks at, from the edge inwards; rules.yaml has the thresholds. */
const rows: readonly Row[] = [
  {
    title: 'Now',
    kind: 'stat',
    panels: [
      { title: 'Replicas that answer', queries: { '{{job}}': `sum by (job) (up{${service}})` } },
      { title: 'Webhooks per second', unit: 'reqps', queries: { '': `sum(${perSecond('frontdesk_webhooks_total')})` } },
      { title: 'Oldest unpublished event', unit: 's', queries: { '': `max(frontdesk_outbox_oldest_unpublished_age_seconds{${service}})` } },
      {
        title: 'Quarantined, share of the last hour',
        unit: 'percentunit',
        queries: {
          '': 'sum(increase(frontdesk_attributions_total{outcome!~"attributed|discarded"}[1h])) / sum(increase(frontdesk_attributions_total[1h]))',
        },
      },
      { title: 'Dead letters', queries: { '': `sum(max by (job, handler) (frontdesk_inbox_dead_letters{${service}})) or vector(0)` } },
      { title: 'Alerts', queries: { '': 'count(ALERTS{alertstate="firing"}) or vector(0)' } },
    ],
  },
  {
    title: 'Ingress',
    kind: 'graph',
    panels: [
      {
        title: 'Webhooks by outcome',
        unit: 'reqps',
        queries: { '{{outcome}}': `sum by (outcome) (${perSecond('frontdesk_webhooks_total')})` },
      },
      {
        title: 'Webhooks refused',
        unit: 'reqps',
        queries: { '{{provider}} {{outcome}}': `sum by (provider, outcome) (${perSecond(`frontdesk_webhooks_total{${refused}}`)})` },
      },
      {
        title: 'Time to answer',
        unit: 's',
        queries: {
          'p50 {{route}}': quantile(0.5, 'frontdesk_http_request_seconds', 'route'),
          'p99 {{route}}': quantile(0.99, 'frontdesk_http_request_seconds', 'route'),
        },
      },
      {
        title: 'Connections dropped',
        unit: 'cps',
        queries: { '{{job}}': `sum by (job) (${perSecond(`frontdesk_http_connections_dropped_total{${service}}`)})` },
      },
      { title: 'Days that the ledger is ready for', queries: { '{{job}}': 'min by (job) (frontdesk_ledger_days_ahead)' } },
    ],
  },
  {
    title: 'Events',
    kind: 'graph',
    panels: [
      {
        title: 'From an event to its effect',
        unit: 's',
        queries: {
          'p50 {{handler}}': quantile(0.5, 'frontdesk_inbox_event_lag_seconds', 'handler'),
          'p95 {{handler}}': quantile(0.95, 'frontdesk_inbox_event_lag_seconds', 'handler'),
        },
      },
      {
        title: 'Handled by outcome',
        unit: 'ops',
        queries: { '{{handler}} {{outcome}}': `sum by (handler, outcome) (${perSecond(`frontdesk_inbox_events_total{${service}}`)})` },
      },
      {
        title: 'Time to handle a batch',
        unit: 's',
        queries: { 'p95 {{handler}}': quantile(0.95, 'frontdesk_inbox_batch_seconds', 'handler') },
      },
      {
        title: 'Waiting at the durables',
        queries: {
          '{{durable}} to deliver': `max by (stream, durable) (frontdesk_bus_consumer_pending{${service}})`,
          '{{durable}} unsettled': `max by (stream, durable) (frontdesk_bus_consumer_ack_pending{${service}})`,
        },
      },
      {
        title: 'Settlements',
        unit: 'ops',
        queries: { '{{durable}} {{kind}}': `sum by (durable, kind) (${perSecond(`frontdesk_bus_settlements_total{${service}}`)})` },
      },
      {
        title: 'Waiting in the outboxes',
        queries: { '{{job}}': `max by (job) (frontdesk_outbox_unpublished{${service}})` },
      },
      {
        title: 'Published',
        unit: 'ops',
        queries: { '{{job}} by {{by}}': `sum by (job, by) (${perSecond(`frontdesk_outbox_published_total{${service}}`)})` },
      },
      {
        title: 'Published again, since the broker had lost it',
        unit: 'ops',
        queries: { '{{job}} {{stream}}': `sum by (job, stream) (${perSecond(`frontdesk_outbox_refilled_total{${service}}`)})` },
      },
      {
        title: 'Could not be published',
        unit: 'ops',
        queries: { '{{job}} {{reason}}': `sum by (job, reason) (${perSecond(`frontdesk_outbox_publish_failures_total{${service}}`)})` },
      },
      {
        title: 'Which company?',
        unit: 'ops',
        queries: { '{{outcome}}': `sum by (outcome) (${perSecond('frontdesk_attributions_total')})` },
      },
    ],
  },
  {
    title: 'Billing and messaging',
    kind: 'graph',
    panels: [
      {
        title: 'Usage counted',
        unit: 'ops',
        queries: { '{{kind}} {{change}}': `sum by (kind, change) (${perSecond('frontdesk_billing_usage_total')})` },
      },
      {
        title: 'Waiting for Stripe',
        unit: 's',
        queries: {
          'to be mirrored': 'max(frontdesk_billing_refetch_backlog_age_seconds)',
          'to be reported': 'max(frontdesk_billing_meter_backlog_age_seconds)',
        },
      },
      {
        title: 'Calls to Stripe',
        unit: 'ops',
        queries: {
          'fetch {{outcome}}': `sum by (outcome) (${perSecond('frontdesk_billing_refetches_total')})`,
          'report {{outcome}}': `sum by (outcome) (${perSecond('frontdesk_billing_meter_reports_total')})`,
        },
      },
      {
        title: 'Usage that Stripe could not count',
        unit: 'ops',
        queries: { '{{code}}': `sum by (code) (${perSecond('frontdesk_billing_meter_refusals_total')})` },
      },
      {
        title: 'Calls to WhatsApp, p95',
        unit: 's',
        queries: { '{{outcome}}': quantile(0.95, 'frontdesk_messaging_whatsapp_call_duration_seconds', 'outcome') },
      },
      {
        title: 'Messages waiting',
        unit: 's',
        queries: { 'age of the oldest': 'max(frontdesk_messaging_queue_age_seconds)' },
      },
      {
        title: 'Messages without a known outcome',
        queries: { unconfirmed: 'max(frontdesk_messaging_unconfirmed_messages)' },
      },
    ],
  },
  {
    title: 'RPC and databases',
    kind: 'graph',
    panels: [
      {
        title: 'Calls served, p95',
        unit: 's',
        queries: { '{{method}}': quantile(0.95, 'frontdesk_rpc_server_call_duration_seconds', 'method') },
      },
      {
        title: 'Calls that failed',
        unit: 'ops',
        queries: {
          '{{method}} {{code}}': `sum by (method, code) (${perSecond(`frontdesk_rpc_server_call_duration_seconds_count{${service}, code!="ok"}`)})`,
        },
      },
      {
        title: 'Connections',
        queries: { '{{database}} {{state}}': `sum by (database, state) (frontdesk_database_connections{${service}})` },
      },
      {
        title: 'Wait for a connection',
        unit: 's',
        queries: { 'p95 {{database}}': quantile(0.95, 'frontdesk_database_acquire_seconds', 'database') },
      },
      {
        title: 'Refused a connection',
        unit: 'ops',
        queries: { '{{database}} {{reason}}': `sum by (database, reason) (${perSecond(`frontdesk_database_refused_total{${service}}`)})` },
      },
    ],
  },
  {
    title: 'Processes',
    kind: 'graph',
    panels: [
      { title: 'Memory', unit: 'bytes', queries: { '{{job}} {{instance}}': `process_resident_memory_bytes{${service}}` } },
      { title: 'CPU', unit: 'percentunit', queries: { '{{job}} {{instance}}': perSecond(`process_cpu_seconds_total{${service}}`) } },
      { title: 'Event loop lag', unit: 's', queries: { 'p99 {{job}} {{instance}}': `nodejs_eventloop_lag_p99_seconds{${service}}` } },
    ],
  },
]

const source = { type: 'prometheus', uid: '$datasource' }

/** Frontdesk's one dashboard, as Grafana imports it. */
export function buildDashboard(): Dashboard {
  const dashboard = new DashboardBuilder('Frontdesk')
    .uid('frontdesk')
    .description('Generated by scripts/src/monitoring/dashboard.ts: change it there.')
    .tags(['frontdesk'])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .refresh('30s')
    .time({ from: 'now-3h', to: 'now' })
    .timezone('browser')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .withVariable(
      new QueryVariableBuilder('service')
        .label('Service')
        .datasource(source)
        .query('label_values(frontdesk_metric_collect_failures_total, job)')
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .multi(true)
        .includeAll(true)
        .allValue('.+'),
    )
  for (const { title, kind, panels } of rows) {
    dashboard.withRow(new RowBuilder(title))
    for (const panel of panels) dashboard.withPanel(kind === 'stat' ? stat(panel) : graph(panel))
  }
  return dashboard.build()
}

function stat({ title, unit = 'short', queries }: Panel): StatBuilder {
  return targets(queries).reduce(
    (panel, target) => panel.withTarget(target.instant()),
    new StatBuilder().title(title).datasource(source).unit(unit).height(4).span(4),
  )
}

function graph({ title, unit = 'short', queries }: Panel): GraphBuilder {
  return targets(queries).reduce(
    (panel, target) => panel.withTarget(target.range()),
    new GraphBuilder().title(title).datasource(source).unit(unit).min(0).height(8).span(8),
  )
}

function targets(queries: Panel['queries']): DataqueryBuilder[] {
  return Object.entries(queries).map(([legend, expr], index) =>
    new DataqueryBuilder()
      .refId(String.fromCodePoint(65 + index))
      .expr(expr)
      .legendFormat(legend),
  )
}

/** The text of `infra/grafana/frontdesk.json`. */
export const renderDashboard = (): string => `${JSON.stringify(buildDashboard(), null, 2)}\n`

if (import.meta.main) await writeFile(resolve(import.meta.dirname, '../../../infra/grafana/frontdesk.json'), renderDashboard())
