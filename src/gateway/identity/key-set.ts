import type { JwtKey } from './jwt-secret.ts'
import { keyFromSecret, type VerificationKey } from './verification-key.ts'

/** The keys that verify the tokens of one JWT secret. */
export interface KeySet {
  start(): Promise<void>
  stop(): Promise<void>
  /** Those of now: a JWKS changes as time goes by. */
  keys(): readonly VerificationKey[]
  /** A token names a key that is not among them. Resolves once it was looked for, which is not done for each. */
  lookAgain(): Promise<void>
}

/** The one key that the secret itself holds. */
export class FixedKeySet implements KeySet {
  readonly #keys: readonly VerificationKey[]

  constructor(key: Exclude<JwtKey, { readonly jwkUrl: string }>, isStrict: boolean) {
    this.#keys = [keyFromSecret(key.type, key.key, isStrict)]
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  keys(): readonly VerificationKey[] {
    return this.#keys
  }

  async lookAgain(): Promise<void> {}
}
