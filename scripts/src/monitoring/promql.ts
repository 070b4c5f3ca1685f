import type { MetricCatalogue } from './metric-catalogue.ts'

/** Labels that a scrape adds, not the code. */
const targetLabels = ['job', 'instance', 'alertname', 'alertstate', 'severity']

/** A name that is no function's, then its matchers if it has any. */
const selector = /(?<![\w$:."])([a-zA-Z_:][\w:]*)\b(?!\s*\()(?:\{((?:"(?:[^"\\]|\\.)*"|[^}"])*)\})?/g
const keywords = new Set(['and', 'or', 'unless', 'bool', 'offset'])
const grouping = /\b(?:by|on|ignoring|without|group_left|group_right)\s*\(([^)]*)\)/g
const matcher = /(\w+)\s*(?:=~|!~|!=|=)\s*"(?:[^"\\]|\\.)*"/g

/** What an expression reads: each metric's name, with the labels its selector names. */
export function selectorsOf(expr: string): { readonly metric: string; readonly labels: readonly string[] }[] {
  return [...expr.replaceAll(grouping, ' ').matchAll(selector)]
    .filter(([, name = '']) => !keywords.has(name))
    .map(([, metric = '', matchers = '']) => ({ metric, labels: [...matchers.matchAll(matcher)].map(([, label]) => label ?? '') }))
}

/** What is wrong with an expression: metrics that nobody exposes, labels that its metrics do not have. */
export function problemsOf(expr: string, catalogue: MetricCatalogue): string[] {
  const selectors = selectorsOf(expr)
  if (selectors.length === 0) return [`reads no metric: ${expr}`]
  const known = new Set(targetLabels)
  const problems: string[] = []
  let openEnded = false
  for (const { metric, labels } of selectors) {
    const declared = catalogue.get(metric)
    if (declared === undefined) problems.push(`no service exposes ${metric}`)
    if (declared === undefined || declared === 'any') {
      openEnded = true
      continue
    }
    for (const label of declared) known.add(label)
    const foreign = labels.filter((label) => !declared.has(label) && !targetLabels.includes(label))
    problems.push(...foreign.map((label) => `${metric} has no label ${label}`))
  }
  if (openEnded) return problems
  const groupedBy = [...expr.matchAll(grouping)].flatMap(([, list = '']) => list.split(',').map((label) => label.trim()))
  return [
    ...problems,
    ...groupedBy.filter((label) => label !== '' && !known.has(label)).map((label) => `grouped by ${label}, which is no label here`),
  ]
}
