import type { Database } from '@frontdesk/database'
import {
  type CompanyVault,
  createCompanyVault,
  createDataKeys,
  createLocalKeyEncryption,
  createVault,
  type DataKeys,
  type KeyEncryption,
  type KeyRingSource,
} from '@frontdesk/vault'
import { type CompanyKeys, createCompanyKeys, createDataKeyStore } from './company-keys.ts'

/** What seals companies' secrets, and opens them. */
export interface Sealing {
  readonly keyEncryption: KeyEncryption
  readonly dataKeys: DataKeys
  readonly vault: CompanyVault
  readonly keys: CompanyKeys
}

/** Seals under companies' own data keys, which the ring wraps; what the ring itself has sealed before there were any still opens. */
export async function createSealing(database: Database, ring: KeyRingSource, now: () => Date): Promise<Sealing> {
  const keyEncryption = createLocalKeyEncryption(ring)
  const dataKeys = createDataKeys({ keyEncryption, store: createDataKeyStore(database) })
  const vault = createCompanyVault({ dataKeys, legacy: createVault({ keys: await ring() }) })
  return { keyEncryption, dataKeys, vault, keys: createCompanyKeys({ vault, dataKeys, now }) }
}
