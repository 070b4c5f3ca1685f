/** The token of an `authorization: Bearer …`; empty or undefined where there is none. */
export function bearerTokenOf(authorization: string | undefined): string | undefined {
  return authorization?.replace(/^bearer(\s+|$)/i, '')
}
