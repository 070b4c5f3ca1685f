import { FrontdeskError } from '@frontdesk/errors'

/** The sealing keys of 32 bytes each by their ids; the first one seals, all of them open. */
export type KeyRing = readonly { readonly id: string; readonly key: Buffer }[]

const entryPattern = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]{43}=)$/

/**
 * Reads a key ring written as `id:base64,id:base64`.
 * @throws FrontdeskError `invalid_argument`, which says how many entries can't be read and shows none of them.
 */
export function parseKeyRing(text: string): KeyRing {
  const entries = text.split(',').map((entry) => entryPattern.exec(entry.trim()))
  const keys = entries.flatMap((match) => (match?.[1] && match[2] ? [{ id: match[1], key: Buffer.from(match[2], 'base64') }] : []))
  const unread = entries.length - keys.length
  if (unread > 0 || new Set(keys.map(({ id }) => id)).size < keys.length) {
    throw new FrontdeskError('invalid_argument', {
      publicMessage: 'The key ring must be id:base64,id:base64, each id once, each key 32 bytes (openssl rand -base64 32).',
      detail: `${unread} of ${entries.length} entries can't be read`,
    })
  }
  return keys
}
