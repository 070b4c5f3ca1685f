import { createLocalKeyEncryption, createVault, parseKeyRing } from '@frontdesk/vault'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { type Canary, keyCanaries, textCanaries } from './canary.ts'

/** The keys that services made for themselves and sealed: identity's signing keys, the companies' data keys. */
export async function sealedKeys(mysqlUrl: string, vaultKeys: string): Promise<Canary[]> {
  const keys = parseKeyRing(vaultKeys)
  const connection = await createConnection(mysqlUrl)
  try {
    const vault = createVault({ keys })
    const [signing] = await connection.query<RowDataPacket[]>('select kid, private_d sealed from identity.signing_keys')
    const signingKeys = (signing as { kid: string; sealed: Buffer }[]).flatMap(({ kid, sealed }) =>
      textCanaries('signing key', vault.open(sealed, { table: 'signing_keys', column: 'private_d', row: kid })),
    )
    const columns = 'cast(company_id as char) companyId, key_id keyId, cast(kek_id as char) kekId, wrapped'
    const [data] = await connection.query<RowDataPacket[]>(`select ${columns} from company_resolver.data_keys`)
    const encryption = createLocalKeyEncryption(() => Promise.resolve(keys))
    const dataKeys = await Promise.all(
      (data as Parameters<typeof unwrap>[0][]).map(async (row) => keyCanaries('data key', await unwrap(row))),
    )
    return [...signingKeys, ...dataKeys.flat()]

    async function unwrap(row: { companyId: string; keyId: number; kekId: string; wrapped: Buffer }): Promise<Buffer> {
      return (await encryption.unwrap(row, row)).export()
    }
  } finally {
    await connection.end()
  }
}
