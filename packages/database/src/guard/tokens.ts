/** A piece of SQL text. `word` may be a keyword, lower case; `name` can't: it stood in backticks or behind a dot. */
export interface Token {
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'param' | 'mark'
  /** Lower case for words, names and marks; without its quotes. */
  readonly text: string
  /** Of a param: the position of its value. */
  readonly position: number
}

/** What stands in parentheses. */
export interface Group {
  readonly kind: 'group'
  readonly nodes: readonly Node[]
}

/** What stands from CASE to END. */
export interface Case {
  readonly kind: 'case'
  readonly nodes: readonly Node[]
}

/** SQL as far as the guard needs it: a sequence of tokens and, in their place, whole groups. */
export type Node = Token | Group | Case

/** The text can't be read, and so nobody can say what it does. */
export class UnreadableError extends Error {}

const pieces = new RegExp(
  [
    String.raw`(?<space>\s+)`,
    // Comments can carry code that only the server sees.
    String.raw`(?<comment>--|#|/\*)`,
    '(?<name>`(?:[^`]|``)*`)',
    String.raw`(?<string>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")`,
    String.raw`(?<number>\d[\w.]*|\.\d\w*)`,
    String.raw`(?<word>[\p{L}_$][\p{L}\p{N}_$]*)`,
    String.raw`(?<param>\?)`,
    String.raw`(?<mark>\|\||&&|:=|<=>|<>|!=|<=|>=|<<|>>|[-+*/%&|^~!<>=.,;()@:{}])`,
  ].join('|'),
  'suy',
)

/**
 * Reads a statement as nested groups.
 * @throws UnreadableError for comments, unbalanced parentheses or characters that SQL does not have
 */
export function readSql(sql: string): readonly Node[] {
  return nest(tokensOf(sql))
}

function tokensOf(sql: string): Token[] {
  const tokens: Token[] = []
  let params = 0
  pieces.lastIndex = 0
  while (pieces.lastIndex < sql.length) {
    const at = pieces.lastIndex
    const found = pieces.exec(sql)?.groups
    if (!found) throw new UnreadableError(`unexpected text at ${at}`)
    if (found['space'] !== undefined) continue
    if (found['comment'] !== undefined) throw new UnreadableError(`a comment at ${at}`)
    tokens.push(toToken(found, tokens.at(-1), params))
    if (found['param'] !== undefined) params++
  }
  return tokens
}

function toToken(found: Record<string, string | undefined>, previous: Token | undefined, params: number): Token {
  const { name, string, number, word, param, mark } = found
  if (name !== undefined) return token('name', name.slice(1, -1).replaceAll('``', '`').toLowerCase())
  if (word !== undefined) return token(isMark(previous, '.') ? 'name' : 'word', word.toLowerCase())
  if (string !== undefined) return token('string', string.slice(1, -1))
  if (number !== undefined) return token('number', number)
  return param === undefined ? token('mark', mark ?? '') : { kind: 'param', text: '?', position: params }
}

function token(kind: Token['kind'], text: string): Token {
  return { kind, text, position: -1 }
}

function nest(tokens: readonly Token[]): readonly Node[] {
  const open: { kind: 'group' | 'case' | 'text'; nodes: Node[] }[] = [{ kind: 'text', nodes: [] }]
  const close = (kind: 'group' | 'case') => {
    const closed = open.pop()
    if (closed?.kind !== kind) throw new UnreadableError('unbalanced parentheses')
    open.at(-1)?.nodes.push({ kind, nodes: closed.nodes })
  }
  for (const next of tokens) {
    if (isMark(next, '(')) open.push({ kind: 'group', nodes: [] })
    else if (isMark(next, ')')) close('group')
    else if (isWord(next, 'case')) open.push({ kind: 'case', nodes: [] })
    else if (isWord(next, 'end') && open.at(-1)?.kind === 'case') close('case')
    else open.at(-1)?.nodes.push(next)
  }
  const [text] = open
  if (open.length !== 1 || !text) throw new UnreadableError('unbalanced parentheses')
  return text.nodes
}

export function isWord(node: Node | undefined, ...texts: readonly string[]): node is Token {
  return node?.kind === 'word' && texts.includes(node.text)
}

export function isMark(node: Node | undefined, ...texts: readonly string[]): node is Token {
  return node?.kind === 'mark' && texts.includes(node.text)
}

export function isGroup(node: Node | undefined): node is Group {
  return node?.kind === 'group'
}

export function isName(node: Node | undefined): node is Token {
  return node?.kind === 'word' || node?.kind === 'name'
}

/** The identifier that the node is, in lower case. */
export function nameOf(node: Node | undefined): string | undefined {
  return isName(node) ? node.text : undefined
}

/** The parts between the separators; none of an empty sequence. */
export function splitAt(nodes: readonly Node[], isSeparator: (node: Node) => boolean): Node[][] {
  const parts: Node[][] = nodes.length === 0 ? [] : [[]]
  for (const node of nodes) {
    if (isSeparator(node)) parts.push([])
    else parts.at(-1)?.push(node)
  }
  return parts
}

export function isComma(node: Node): boolean {
  return isMark(node, ',')
}

/** Whether these nodes, those of a group or of a statement, begin a query. */
export function beginsQuery([first]: readonly Node[]): boolean {
  return isWord(first, 'select', 'with') || (isGroup(first) && beginsQuery(first.nodes))
}
