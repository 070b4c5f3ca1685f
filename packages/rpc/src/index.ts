export { bearerTokenOf } from './bearer-token.ts'
export { authorizeCompany, callerOf, requireAllCompanies, requireCompany, type Caller } from './caller.ts'
export type { RpcCallOptions, RpcClientOptions } from './client-options.ts'
export { createRpcClient, type RpcClient } from './client.ts'
export { credentialEntry, digestOfCredential, generateCredential, type CredentialEntry, type CredentialGrant } from './credentials.ts'
export { generateKeyPair, readPrivateJwk, type KeyPair, type PrivateJwk, type PublicJwk } from './keys.ts'
export { forAllCompanies } from './for-all-companies.ts'
export { createGuard, type Guard, type GuardOptions } from './guard.ts'
export { createIdentityTokens, type IdentityTokensOptions } from './identity-tokens.ts'
export type { KeySource } from './key-source.ts'
export { pageSizeOf } from './paging.ts'
export { createRpcServer, type RpcServer, type RpcServerOptions } from './server.ts'
export { errorCodeOf, grpcStatusOf } from './status.ts'
export {
  createTokenIssuer,
  createTokenSigner,
  fixedToken,
  noToken,
  type TokenClaims,
  type TokenIssuer,
  type TokenRequest,
  type TokenSource,
} from './token-issuer.ts'
export { createTokenVerifier, type TokenVerifier, type TokenVerifierOptions } from './token-verifier.ts'
