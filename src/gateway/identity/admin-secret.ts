import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../errors.ts'
import { ACCESS_KEY_HEADER, ADMIN_SECRET_HEADER } from './identity-headers.ts'

const NAMES = `"${ADMIN_SECRET_HEADER}"/"${ACCESS_KEY_HEADER}"`

/** Tells whether a header is an admin's, in a time that says nothing about the secrets. */
export class AdminSecrets {
  /** Digests, as in Hasura: what is compared has one length, and no dump of the heap shows a secret here. */
  readonly #digests: readonly Buffer[]

  constructor(secrets: readonly string[]) {
    this.#digests = secrets.map((secret) => digestOf(Buffer.from(secret)))
  }

  /** Without any, Hasura and we take everybody for an admin. */
  get isEmpty(): boolean {
    return this.#digests.length === 0
  }

  /**
   * The header with the right secret, as sent; `undefined` when the client sent none. A wrong one is refused,
   * an empty one is wrong.
   */
  check(headers: IncomingHttpHeaders): readonly [name: string, value: string] | undefined {
    const name = ADMIN_SECRET_HEADER in headers ? ADMIN_SECRET_HEADER : ACCESS_KEY_HEADER
    const value = headers[name]
    if (typeof value !== 'string') return undefined
    if (this.#matches(value)) return [name, value]
    throw new GatewayError('access-denied', `invalid ${NAMES}`)
  }

  #matches(value: string): boolean {
    const digest = digestOf(Buffer.from(value, 'latin1'))
    let isMatch = false
    for (const known of this.#digests) {
      // No early end: which of several secrets was right must not show either.
      isMatch = timingSafeEqual(known, digest) || isMatch
    }
    return isMatch
  }
}

export function missingAdminSecret(): GatewayError {
  return new GatewayError('access-denied', `${NAMES} required, but not found`)
}

function digestOf(bytes: Buffer): Buffer {
  return createHash('sha512').update(bytes).digest()
}
