import type { Random } from '../../shared/random.ts'

const CLIENT_ID = /^[\w.:/+=-]{1,128}$/

/**
 * Names requests: the client's x-request-id when it has a decent one, else one that no other process gives:
 * a random part drawn once, and a count. (A UUID for each would cost more than all the other headers.)
 */
export class RequestIds {
  readonly #prefix: string
  #count = 0

  constructor(random: Random) {
    this.#prefix = random.bytes(9).toString('base64url')
  }

  take(sent: string | readonly string[] | undefined): string {
    if (typeof sent === 'string' && CLIENT_ID.test(sent)) return sent
    this.#count += 1
    return `${this.#prefix}-${this.#count.toString(36)}`
  }
}
