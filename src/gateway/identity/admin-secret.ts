import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../errors.ts'
import { ACCESS_KEY_HEADER, ADMIN_SECRET_HEADER } from './identity-headers.ts'
import { SecretSet } from './secret-set.ts'

const NAMES = `"${ADMIN_SECRET_HEADER}"/"${ACCESS_KEY_HEADER}"`

/** Tells whether a header is an admin's, in a time that says nothing about the secrets. */
export class AdminSecrets {
  readonly #secrets: SecretSet

  constructor(secrets: readonly string[]) {
    this.#secrets = new SecretSet(secrets)
  }

  /** Without any, Hasura and we take everybody for an admin. */
  get isEmpty(): boolean {
    return this.#secrets.isEmpty
  }

  /**
   * The header with the right secret, as sent; `undefined` when the client sent none. A wrong one is refused,
   * an empty one is wrong.
   */
  check(headers: IncomingHttpHeaders): readonly [name: string, value: string] | undefined {
    const name = ADMIN_SECRET_HEADER in headers ? ADMIN_SECRET_HEADER : ACCESS_KEY_HEADER
    const value = headers[name]
    if (typeof value !== 'string') return undefined
    if (this.#secrets.indexOf(value) === undefined) throw invalidAdminSecret()
    return [name, value]
  }
}

export function missingAdminSecret(): GatewayError {
  return new GatewayError('access-denied', `${NAMES} required, but not found`)
}

export function invalidAdminSecret(): GatewayError {
  return new GatewayError('access-denied', `invalid ${NAMES}`)
}
