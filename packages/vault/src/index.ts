export { type KeyRing, parseKeyRing } from './key-ring.ts'
export { createVault, type Place, type Vault } from './vault.ts'
