export { type BlindIndex, createBlindIndex, type IndexedColumn } from './blind-index.ts'
export {
  companyFormat,
  type CompanyVault,
  type CompanyVaultOptions,
  createCompanyVault,
  type Opener,
  type SealedValue,
  type Sealer,
} from './company-vault.ts'
export { createDataKeys, type DataKeys, type DataKeysOptions, type DataKeyStore, type WrappedDataKey } from './data-keys.ts'
export { createLocalKeyEncryption, type DataKeyName, type KeyEncryption, type WrappedKey } from './key-encryption.ts'
export { fixedKeyRing, type KeyRing, type KeyRingSource, openKeyRingFile, parseKeyRing } from './key-ring.ts'
export { SecretTexts } from './secret-texts.ts'
export { createVault, type Place, type Vault } from './vault.ts'
