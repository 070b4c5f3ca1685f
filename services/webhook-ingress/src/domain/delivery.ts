/** Which of the secrets that count during a rotation signed a delivery. */
export type VerifiedBy = 'current' | 'previous'

/** The secrets that count during a rotation. */
export interface SigningSecrets {
  /** More than one where a provider signs kinds of events with secrets of their own. */
  readonly current: readonly string[]
  readonly previous: readonly string[]
}

/** One HTTP request of a provider: all its events are kept, or none. */
export interface Delivery {
  /** TypeID, `dlv_…`. */
  readonly id: string
  readonly provider: string
  /** The connection whose own secret verified it; undefined under a platform secret. */
  readonly connectionId: string | undefined
  readonly receivedAt: Date
  readonly headers: Readonly<Record<string, string>>
  readonly rawBody: Buffer
}

/** What became of a delivery's events. */
export interface Acceptance {
  /** Events that nobody had sent before. */
  readonly accepted: number
  /** Events that were in the ledger already. */
  readonly duplicates: number
}

const connectionIdPattern = /^con_[0-7][0-9a-hjkmnp-tv-z]{25}$/

/** Whether the text has the form of a connection's id. */
export function isConnectionId(text: string): boolean {
  return connectionIdPattern.test(text)
}

/** What stands in the place of a credential. */
export const masked = '[masked]'

/** What may be a mistyped id; somebody's secret, which he takes for the path's end, is none. */
const idLikePattern = /^con_[0-9a-z]{0,36}$/

/** The path's end of a refused delivery, as far as a person may read it. */
export function pathEndToKeep(text: string): string {
  return idLikePattern.test(text) ? text : masked
}

const credential = /signature|authorization|cookie|token|secret|password|api[-_]?key/i

/** Whether a header or a member by that name holds what nobody should read. */
export function namesCredential(name: string): boolean {
  return credential.test(name)
}

/**
 * The headers as the ledger keeps them: lower-case names, one value each, and no credential readable: neither what is named like one, nor
 * the secrets that the delivery could be verified by, wherever somebody has put them.
 */
export function headersToKeep(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  secrets: readonly string[],
): Record<string, string> {
  const texts = secrets.flatMap((secret) => [secret, encodeURIComponent(secret)])
  const kept: Record<string, string> = {}
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (value === undefined) continue
    const lower = name.toLowerCase()
    const text = Array.isArray(value) ? value.join(', ') : value
    kept[lower] = namesCredential(lower) || texts.some((secret) => text.includes(secret)) ? masked : text
  }
  return kept
}

/** Node joins a header that was sent twice with a comma, which no signature's form allows; a list is never a signature either. */
export function singleValued(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string | undefined> {
  const single: Record<string, string | undefined> = {}
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    single[name] = Array.isArray(value) ? undefined : value
  }
  return single
}
