import { inspect } from 'node:util'

const redacted = '[redacted]'

/** Secrets that stay in memory: an array, and what is sliced or filtered from it, that prints, logs and serializes as `[redacted]`. */
export class SecretTexts extends Array<string> {
  /** Takes them in, in their order. */
  static holding(...texts: string[]): SecretTexts {
    const made = new SecretTexts()
    made.push(...texts)
    return made
  }

  toJSON(): string {
    return redacted
  }

  override toString(): string {
    return redacted
  }

  override toLocaleString(): string {
    return redacted
  }

  [inspect.custom](): string {
    return redacted
  }
}
