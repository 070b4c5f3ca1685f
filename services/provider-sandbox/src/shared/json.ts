/** What a body says if it is JSON, else its text. */
export function jsonOrText(body: Buffer): unknown {
  const text = body.toString()
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
