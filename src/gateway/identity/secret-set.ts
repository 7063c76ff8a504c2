import { createHash, timingSafeEqual } from 'node:crypto'

/**
 * Secrets of which any will do. What is compared are digests, which have one length, and always all of them:
 * the time taken tells neither how much of a secret was right nor which.
 */
export class SecretSet {
  readonly #digests: readonly Buffer[]

  constructor(secrets: readonly string[]) {
    this.#digests = secrets.map((secret) => digestOf(Buffer.from(secret)))
  }

  get isEmpty(): boolean {
    return this.#digests.length === 0
  }

  /** The place of the secret that a header holds, from 0 on; `undefined` for a wrong one, several or none. */
  indexOf(header: string | readonly string[] | undefined): number | undefined {
    if (typeof header !== 'string') return undefined
    // As Node.js reads headers: secrets in UTF-8 arrive byte by byte.
    const digest = digestOf(Buffer.from(header, 'latin1'))
    let found: number | undefined
    for (const [index, expected] of this.#digests.entries()) {
      if (timingSafeEqual(expected, digest)) found ??= index
    }
    return found
  }
}

function digestOf(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
