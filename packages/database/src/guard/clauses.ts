import { isWord, type Node, UnreadableError } from './tokens.ts'

/**
 * Cuts a statement at the keywords that stand outside of all parentheses; what stands before the first is under ''.
 * A keyword's own second word (BY) stays in its clause.
 * @throws UnreadableError if a keyword comes twice
 */
export function clausesOf(nodes: readonly Node[], keywords: readonly string[]): Map<string, Node[]> {
  const clauses = new Map<string, Node[]>([['', []]])
  let current = ''
  for (const node of nodes) {
    if (isWord(node, ...keywords)) {
      current = node.text
      if (clauses.has(current)) throw new UnreadableError(`${current} twice`)
      clauses.set(current, [])
    } else clauses.get(current)?.push(node)
  }
  return clauses
}
