import { acrossCompanies, type Database } from '@frontdesk/database'
import type { Telemetry } from '@frontdesk/telemetry'
import type { CompanyVault, Opener } from '@frontdesk/vault'
import { asc, eq, gt } from 'drizzle-orm'
import type { ConnectionSecrets, ConnectionSecretsReader } from '../app/ports.ts'
import { secretPlace } from './mapping.ts'
import { connections } from './schema/connections.ts'

type Row = typeof connections.$inferSelect
type Column = Parameters<typeof secretPlace>[0]

/** Makes the reader over all companies. */
export function createConnectionSecretsReader(
  database: Database,
  vault: CompanyVault,
  { logger, metrics }: Telemetry,
  now: () => Date,
): ConnectionSecretsReader {
  const unreadable = metrics.counter('connection_secrets_unreadable_total', 'Sealed secrets that could not be opened.', ['column'])

  function open(opener: Opener, { companyId, connectionId }: Row, column: Column, sealed: Uint8Array): string {
    try {
      return opener.open({ companyId, sealed }, secretPlace(column, connectionId))
    } catch (error) {
      unreadable.inc({ column })
      logger.error({ err: error, companyId, connectionId, column }, 'a connection’s secret can’t be opened')
      throw error
    }
  }

  /** @throws FrontdeskError internal if the current secret can't be opened; most deliveries need no previous one. */
  function opened(opener: Opener, row: Row): ConnectionSecrets {
    const { connectionId, provider, secretCursor: version, currentSecret, previousSecret, previousUntil } = row
    const isOver = previousUntil !== null && previousUntil <= now()
    const previous = previousSecret && !isOver ? orUndefined(() => open(opener, row, 'previous_secret', previousSecret)) : undefined
    return {
      connectionId,
      provider,
      currentSecret: open(opener, row, 'current_secret', currentSecret),
      previousSecret: previous,
      previousUntil: (previous !== undefined && previousUntil) || undefined,
      version,
      deactivatedAt: row.deactivatedAt ?? undefined,
    }
  }

  function openerOf(rows: readonly Row[]): Promise<Opener> {
    const values = ({ companyId, currentSecret, previousSecret }: Row) =>
      [currentSecret, previousSecret].flatMap((sealed) => (sealed ? [{ companyId, sealed }] : []))
    return vault.openerOf(rows.flatMap(values))
  }

  return {
    async list({ afterVersion, limit }) {
      const rows = await acrossCompanies('the ingress verifies deliveries of every company', () =>
        secretsAfter(database.orm, { afterVersion, limit }),
      )
      const opener = await openerOf(rows)
      return {
        connections: rows.flatMap((row) => orUndefined(() => opened(opener, row)) ?? []),
        nextAfterVersion: rows.at(-1)?.secretCursor ?? afterVersion,
        hasMore: rows.length === limit,
      }
    },

    async find(connectionId) {
      const [row] = await acrossCompanies('the ingress knows a connection by its id alone', () =>
        connectionById(database.orm, connectionId),
      )
      return row && opened(await openerOf([row]), row)
    },
  }
}

export function secretsAfter(orm: Database['orm'], { afterVersion, limit }: { afterVersion: bigint; limit: number }) {
  return orm
    .select()
    .from(connections)
    .where(gt(connections.secretCursor, afterVersion))
    .orderBy(asc(connections.secretCursor))
    .limit(limit)
}

export function connectionById(orm: Database['orm'], connectionId: string) {
  return orm.select().from(connections).where(eq(connections.connectionId, connectionId))
}

function orUndefined<Result>(work: () => Result): Result | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
