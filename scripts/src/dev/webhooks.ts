import type { Manifest } from '../stack/manifest.ts'

/** What a provider would put on the wire. */
export interface SignedWebhook {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface WebhookAnswer {
  readonly status: number
  readonly accepted: number
  readonly duplicates: number
  /** The problem's `code`; empty for an accepted webhook. */
  readonly code: string
}

/** Sends one webhook, once. */
export async function sendWebhook(manifest: Pick<Manifest, 'ingress'>, webhook: SignedWebhook): Promise<WebhookAnswer> {
  const response = await postWebhook(manifest, webhook)
  const answer = (await response.json()) as Partial<WebhookAnswer>
  return { status: response.status, accepted: answer.accepted ?? 0, duplicates: answer.duplicates ?? 0, code: answer.code ?? '' }
}

/** The same, whatever the answer holds. */
export function postWebhook({ ingress }: Pick<Manifest, 'ingress'>, { path, headers, body }: SignedWebhook): Promise<Response> {
  return fetch(`${ingress.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: new Uint8Array(body),
    signal: AbortSignal.timeout(10_000),
  })
}
