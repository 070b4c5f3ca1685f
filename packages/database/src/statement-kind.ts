/** What a text does to its connection: reads or writes rows, or anything else. */
export type StatementKind = 'data' | 'session'

const dataWords = new Set(['select', 'insert', 'update', 'delete', 'replace', 'with', 'explain', 'show', 'describe', 'desc'])
/** Variables, named locks and `last_insert_id(n)` outlive their statement. */
const touchesSession = /@|_lock\s*\(|last_insert_id\s*\(\s*[^)\s]|\binto\s+(?:outfile|dumpfile)\b/i

/** The kind of a statement by its first word. */
export function kindOf(sql: string): StatementKind {
  const word = /^[\s(]*([a-z]+)/i.exec(sql)?.[1]?.toLowerCase()
  return word !== undefined && dataWords.has(word) ? 'data' : 'session'
}

/** Whether the statement may leave something behind in its session, by which the next borrower would notice it. */
export function leavesTraces(sql: string): boolean {
  return kindOf(sql) === 'session' || touchesSession.test(sql)
}
