import { generateSecret, generateURI, verifySync } from 'otplib'
import { renderSVG } from 'uqr'
import type { Totp } from '../app/ports.ts'

const codePattern = /^\d{6}$/
const issuer = 'Frontdesk'

/** RFC 6238 as authenticators have it: SHA-1, 6 digits, 30 s, and only the step of now (ASVS 6.5.5). */
export function createTotp(): Totp {
  const decoy = generateSecret()
  return {
    newSecret: () => generateSecret(),

    stepOf(code, secret, now) {
      const given = code.replaceAll(' ', '')
      const token = codePattern.test(given) ? given : '000000'
      const result = verifySync({ token, secret: secret ?? decoy, epoch: Math.floor(now.getTime() / 1_000), epochTolerance: 0 })
      if (!result.valid || !('timeStep' in result) || secret === undefined || token !== given) return undefined
      return result.timeStep
    },

    uri: (email, secret) => generateURI({ issuer, label: email, secret }),
    qrSvg: (uri) => renderSVG(uri),
  }
}
