/** A key of ours in time; its private half is not in it. */
export interface SigningKey {
  readonly kid: string
  readonly signsFrom: Date
  /** From then on it verifies nothing; undefined before its successor is known. */
  readonly verifiesUntil: Date | undefined
}

/** How keys follow each other, in ms. */
export interface RotationPolicy {
  /** How long a key signs before the next one is made by itself. */
  readonly signsForMs: number
  /** From being published to signing: longer than verifiers go without reading, and replicas too. */
  readonly leadMs: number
  /** From its successor's first signature: longer than a token lives, clocks that differ included. */
  readonly overlapMs: number
}

/** The key that signs now: the newest of those that have begun. */
export function signerAt<Key extends SigningKey>(keys: readonly Key[], now: Date): Key | undefined {
  return verifyingAt(keys, now).find(({ signsFrom }) => signsFrom <= now)
}

/** The keys that verify now or will, the newest first: what the JWKS publishes. */
export function verifyingAt<Key extends SigningKey>(keys: readonly Key[], now: Date): Key[] {
  return keys
    .filter(({ verifiesUntil }) => !verifiesUntil || now < verifiesUntil)
    .toSorted((a, b) => b.signsFrom.getTime() - a.signsFrom.getTime())
}

/** Whether a key has to be made: there is none, or the newest has signed for long enough. */
export function isRotationDue(keys: readonly SigningKey[], policy: RotationPolicy, now: Date): boolean {
  const [newest] = verifyingAt(keys, now)
  return !newest || newest.signsFrom.getTime() + policy.signsForMs <= now.getTime()
}

/** Whether the newest key has yet to begin: a second one would only push it aside. */
export function isRotationUnderWay(keys: readonly SigningKey[], now: Date): boolean {
  const [newest] = verifyingAt(keys, now)
  return newest !== undefined && newest.signsFrom > now
}

/** When a new key begins, and when those before it end; where nothing has been signed yet it begins at once. */
export function planRotation(keys: readonly SigningKey[], policy: RotationPolicy, now: Date): { signsFrom: Date; othersVerifyUntil: Date } {
  const leadMs = verifyingAt(keys, now).length === 0 ? 0 : policy.leadMs
  const signsFrom = new Date(now.getTime() + leadMs)
  // In whole seconds, as a JWKS tells it.
  return { signsFrom, othersVerifyUntil: new Date(Math.ceil((signsFrom.getTime() + policy.overlapMs) / 1_000) * 1_000) }
}
