import { newClaim } from '@frontdesk/contracts'
import type { Pool, PoolConnection, RowDataPacket } from 'mysql2/promise'
import { inTransaction } from './mysql-transaction.ts'
import type { Anchor, InboxKey, SubscriberStore } from './store.ts'

/** A store in your own MySQL: the tables of `mysqlInboxTables`, and the handler's effects on the same connection, in the same commit. */
export function mysqlInbox(pool: Pool): SubscriberStore<PoolConnection> {
  return {
    async once(inbox, events, effect) {
      if (events.length === 0) return
      await inTransaction(pool, async (connection) => {
        const fresh = await claim(connection, inbox, events)
        if (fresh.length > 0) await effect(connection, fresh)
      })
    },
    async bury(inbox, letters) {
      if (letters.length === 0) return
      const mark = newClaim().toString()
      const rows = letters.map((letter) => rowOf(inbox, letter, mark, 'dead', [letter.envelope, Buffer.from(letter.payload), letter.error]))
      await inTransaction(pool, (connection) => connection.execute(insertOf(rows, 'values(claim)'), rows.flat()))
    },
    async readAnchor(inbox, lane) {
      const sql = 'select anchor from frontdesk_anchors where inbox = ? and lane = ?'
      const [rows] = await pool.execute<RowDataPacket[]>({ sql, rowsAsArray: false }, [inbox, lane])
      return rows[0] && (JSON.parse(String(rows[0]['anchor'])) as Anchor)
    },
    async saveAnchor(inbox, lane, anchor) {
      const sql = 'insert into frontdesk_anchors (inbox, lane, anchor) values (?, ?, ?) on duplicate key update anchor = values(anchor)'
      await pool.execute(sql, [inbox, lane, JSON.stringify(anchor)])
    },
  }
}

/** Inserts first and reads what it got: a check before would deadlock with another replica's. */
async function claim<Event extends InboxKey>(connection: PoolConnection, inbox: string, events: readonly Event[]): Promise<Event[]> {
  const mark = newClaim().toString()
  // In the order of the key, so that two replicas with the same events wait for each other.
  const rows = events.toSorted(byKey).map((event) => rowOf(inbox, event, mark, 'done', [null, null, null]))
  await connection.execute(insertOf(rows, 'claim'), rows.flat())
  const sql = `select lower(hex(event_id)) as id, revision from frontdesk_inbox where inbox = ? and event_id in (${list(rows.length)}) and claim = ?`
  const [found] = await connection.execute<RowDataPacket[]>({ sql, rowsAsArray: false }, [
    inbox,
    ...rows.map((row) => row[1] ?? null),
    mark,
  ])
  const ours = new Set(found.map((row) => `${row['id']}.${row['revision']}`))
  if (ours.size === 0) {
    // A commit that changes nothing waits for no disk, while the one that took these, and has let go of its locks, may still be on its way there.
    const [, eventId = null, revision = null] = rows[0] ?? []
    await connection.execute('update frontdesk_inbox set claim = ? where inbox = ? and event_id = ? and revision = ?', [
      mark,
      inbox,
      eventId,
      revision,
    ])
  }
  // A second copy in the same batch finds its key taken.
  return events.filter(({ id, revision }) => ours.delete(`${id}.${revision}`))
}

type Value = string | number | Buffer | null

function rowOf(inbox: string, key: InboxKey, mark: string, outcome: 'done' | 'dead', letter: readonly Value[]): Value[] {
  const { id, revision, type, companyId, attempts } = key
  return [inbox, Buffer.from(id, 'hex'), revision, mark, outcome, type, companyId ?? null, attempts, ...letter]
}

/** `claim` is what becomes of the claim of a row that is there. */
function insertOf(rows: readonly Value[][], claim: 'claim' | 'values(claim)'): string {
  return `insert into frontdesk_inbox
    (inbox, event_id, revision, claim, outcome, event_type, company_id, attempts, envelope, payload, error, handled_at)
    values ${rows.map((row) => `(${list(row.length)}, utc_timestamp(3))`).join(', ')} on duplicate key update claim = ${claim}`
}

function list(length: number): string {
  return Array.from({ length }, () => '?').join(', ')
}

function byKey(a: InboxKey, b: InboxKey): number {
  return a.id === b.id ? a.revision - b.revision : a.id < b.id ? -1 : 1
}
