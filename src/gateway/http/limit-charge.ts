import { type Awaitable, chain } from '../../shared/awaitable.ts'
import { type LimitDecision, UNLIMITED } from '../ratelimit/limit-decision.ts'
import { rateLimitHeaders } from '../ratelimit/ratelimit-headers.ts'
import type { Answer } from './answer.ts'
import type { GraphqlParts } from './graphql-parts.ts'

/** What the limits have let in; replaced when more of it is taken. */
export class LimitCharge {
  readonly #parts: GraphqlParts
  #decision: LimitDecision

  /** Throws when `taken` is a refusal. */
  constructor(parts: GraphqlParts, taken: LimitDecision) {
    this.#parts = parts
    this.#decision = taken
    // What is still to be reserved may yet be refused.
    if (taken.pending === undefined || !taken.allowed) parts.limitStatistics.decided(taken)
    if (!taken.allowed) throw parts.limiter.refusal(taken)
  }

  /** Reserves what Hasura's answer may cost, asks for it, and settles when it is there. */
  around(ask: () => Promise<Answer>): Awaitable<Answer> {
    if (this.#decision.pending === undefined) return ask()
    return chain(this.#parts.limiter.reserve(this.#decision), (reserved) => {
      if (!reserved.allowed) {
        this.#parts.limitStatistics.decided(reserved)
        // A refusal tells the limits itself.
        this.#decision = UNLIMITED
        throw this.#parts.limiter.refusal(reserved)
      }
      this.#decision = reserved
      return this.#settled(reserved, ask)
    })
  }

  /** Adds what is left to the headers of the answer. */
  tell(answer: Answer): Answer {
    this.end()
    const limits = rateLimitHeaders(this.#decision)
    for (const name in limits) answer.headers.push(name, limits[name] ?? '')
    return answer
  }

  /** Nothing more is taken. */
  end(): void {
    if (this.#decision.pending !== undefined) this.#parts.limitStatistics.decided(this.#decision)
  }

  async #settled(reserved: LimitDecision, ask: () => Promise<Answer>): Promise<Answer> {
    const { limiter } = this.#parts
    try {
      const answer = await ask()
      limiter.settle(reserved, answer)
      return answer
    } catch (error) {
      limiter.settle(reserved, { outcome: 'error', body: NO_BYTES })
      throw error
    }
  }
}

const NO_BYTES = Buffer.alloc(0)
