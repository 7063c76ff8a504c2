import { createHash, timingSafeEqual } from 'node:crypto'

/** Compares digests, which have one length, so that the time taken tells nothing about the secret. */
export class AdminSecrets {
  readonly #digests: readonly Buffer[]

  constructor(secrets: readonly string[]) {
    this.#digests = secrets.map(digestOf)
  }

  /** Without any secret everybody is let in: the listener then is on loopback only. */
  admits(sent: string | readonly string[] | undefined): boolean {
    if (this.#digests.length === 0) return true
    if (typeof sent !== 'string') return false
    const digest = digestOf(sent)
    // All of them, whether one matched or not.
    return this.#digests.filter((expected) => timingSafeEqual(expected, digest)).length > 0
  }
}

function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
