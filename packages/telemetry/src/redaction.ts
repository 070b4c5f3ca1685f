const censor = '[redacted]'
const secretName =
  /(?:pass(?:word|phrase)|secrets?|tokens?|authorization|cookies?|credentials?|signature|(?:api|private|vault)[-_]?keys?|jwk)$/i
const urlName = /url$/i
const depthMax = 6

/** The object with the values of secret-sounding members replaced, and passwords taken out of URLs, at any depth; itself if there is none. */
export function redact<T extends object>(fields: T): T {
  return clean(fields, 0) as T
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth > depthMax) return value
  if (Array.isArray(value)) return cleanArray(value, depth)
  return isPlain(value) ? cleanObject(value, depth) : value
}

/** Copies only when there is something to hide: nearly every line has nothing. */
function cleanObject(value: Record<string, unknown>, depth: number): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined
  for (const key of Object.keys(value)) {
    const before = value[key]
    const after = cleanMember(key, before, depth)
    if (after === before) continue
    copy ??= { ...value }
    copy[key] = after
  }
  return copy ?? value
}

function cleanMember(key: string, value: unknown, depth: number): unknown {
  const isText = typeof value === 'string'
  if (!isText && (typeof value !== 'object' || value === null)) return value
  if (secretName.test(key)) return censor
  if (isText) return urlName.test(key) ? withoutPassword(value) : value
  return clean(value, depth + 1)
}

function cleanArray(value: readonly unknown[], depth: number): readonly unknown[] {
  const cleaned = value.map((each) => clean(each, depth + 1))
  return cleaned.some((each, index) => each !== value[index]) ? cleaned : value
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/([^:/@\s]*):[^@/\s]*@/, `//$1:${censor}@`)
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
