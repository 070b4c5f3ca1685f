import { streams } from '@frontdesk/contracts'

const owners = streams.flatMap(({ name, subjects }) => subjects.map((pattern) => ({ name, pattern: filterPattern(pattern) })))

/** The stream that the contracts give the subject to; undefined for a subject of nobody's, or a filter. */
export function streamOf(subject: string): string | undefined {
  if (!/^[^\s*>.]+(?:\.[^\s*>.]+)*$/.test(subject)) return undefined
  return owners.find(({ pattern }) => pattern.test(subject))?.name
}

/** The company that a subject is about, in either lane; undefined for subjects of other stages. */
export function companyOf(subject: string): string | undefined {
  return /^(?:bulk\.)?company\.([^.]+)\./.exec(subject)?.[1]
}

/** What a subject filter matches. */
export function filterPattern(filter: string): RegExp {
  const tokens = filter.split('.').map((token) => (token === '>' ? '.+' : token === '*' ? '[^.]+' : token.replace(/\W/g, '\\$&')))
  return new RegExp(`^${tokens.join('\\.')}$`)
}
