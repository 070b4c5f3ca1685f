import { randomBytes } from 'node:crypto'
import type { Randomness } from '../app/ports.ts'

const codes = 10
const codeBytes = 20
const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Secrets from the system's own source; the prefix tells a scanner of leaked secrets what it has found. */
export const randomness: Randomness = {
  sessionToken: () => `fds_${randomBytes(32).toString('base64url')}`,
  invitationToken: () => `fdi_${randomBytes(32).toString('base64url')}`,
  recoveryCodes: () => Array.from({ length: codes }, recoveryCode),
}

/** 28 letters of 5 bits, so 140 bits: more than 112, below which a code would need a slow hash (ASVS 6.5.2). */
function recoveryCode(): string {
  const letters = Array.from(randomBytes(codeBytes + 8), (byte) => base32[byte % 32])
  return Array.from({ length: 7 }, (_, group) => letters.slice(group * 4, group * 4 + 4).join('')).join('-')
}
