import { createSecretKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { FrontdeskError } from '@frontdesk/errors'

/** The keys of 32 bytes each by their ids; the first one seals, all of them open. KeyObjects: printed, logged or serialized they show nothing. */
export type KeyRing = readonly { readonly id: string; readonly key: KeyObject }[]

/** Gives the key ring as it is now. */
export type KeyRingSource = () => Promise<KeyRing>

const entryPattern = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]{43}=)$/

/**
 * Reads a key ring written as `id:base64,id:base64`, with commas or on lines of their own.
 * @throws FrontdeskError `invalid_argument`, which says how many entries can't be read and shows none of them.
 */
export function parseKeyRing(text: string): KeyRing {
  const entries = text
    .trim()
    .split(/,|\n/)
    .map((entry) => entryPattern.exec(entry.trim()))
  const keys = entries.flatMap((match) => (match?.[1] && match[2] ? [{ id: match[1], key: keyOf(match[2]) }] : []))
  const unread = entries.length - keys.length
  if (unread > 0 || new Set(keys.map(({ id }) => id)).size < keys.length) {
    throw new FrontdeskError('invalid_argument', {
      publicMessage: 'The key ring must be id:base64,id:base64, each id once, each key 32 bytes (openssl rand -base64 32).',
      detail: `${unread} of ${entries.length} entries can't be read`,
    })
  }
  return keys
}

/** A key ring that never changes. */
export function fixedKeyRing(keys: KeyRing): KeyRingSource {
  return () => Promise.resolve(keys)
}

/** Where a ring's file is, and how often it may be read again. */
export interface KeyRingFileOptions {
  /** 1,000 when left out. */
  readonly rereadAfterMs?: number
  readonly clock?: () => number
  /** Told when the file can't be read any more; the ring at hand serves on. */
  readonly onUnread?: (error: unknown) => void
}

/**
 * The key ring in a file, read again when asked for it, so that a key is added without a restart.
 * @throws whatever the first reading fails with.
 */
export async function openKeyRingFile(
  path: string,
  { rereadAfterMs = 1_000, clock = () => performance.now(), onUnread }: KeyRingFileOptions = {},
): Promise<KeyRingSource> {
  const read = async () => parseKeyRing(await readFile(path, 'utf8'))
  let ring = await read()
  let readAt = clock()
  return async () => {
    if (clock() - readAt < rereadAfterMs) return ring
    readAt = clock()
    try {
      ring = await read()
    } catch (error) {
      onUnread?.(error)
    }
    return ring
  }
}

function keyOf(base64: string): KeyObject {
  const bytes = Buffer.from(base64, 'base64')
  try {
    return createSecretKey(bytes)
  } finally {
    bytes.fill(0)
  }
}
