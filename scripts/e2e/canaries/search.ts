import type { Form } from './canary.ts'

const gramLength = 4

/** Makes what finds each of the forms wherever it stands, fast enough for a database's files: all of them in one pass. */
export function createSearch(forms: readonly Form[]): (content: Buffer) => Form[] {
  const shortest = Math.min(...forms.map(({ bytes }) => bytes.length))
  // However a form lies, one of its first so many grams begins at a multiple of the stride.
  const stride = shortest - gramLength + 1
  if (stride < 1) throw new Error(`a canary of ${shortest} bytes is found everywhere`)
  const byGram = new Map<number, [form: Form, offset: number][]>()
  for (const form of forms) {
    for (let offset = 0; offset < stride; offset += 1) {
      const gram = form.bytes.readInt32LE(offset)
      const alike = byGram.get(gram)
      if (alike) alike.push([form, offset])
      else byGram.set(gram, [[form, offset]])
    }
  }
  return (content) => {
    const found = new Set<Form>()
    for (let at = 0; at + gramLength <= content.length; at += stride) {
      for (const [form, offset] of byGram.get(content.readInt32LE(at)) ?? []) {
        const start = at - offset
        if (start >= 0 && form.bytes.equals(content.subarray(start, start + form.bytes.length))) found.add(form)
      }
    }
    return [...found]
  }
}
