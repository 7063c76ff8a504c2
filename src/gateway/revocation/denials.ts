import type { Random } from '../../shared/random.ts'
import { type Store, StoreError } from '../../store/index.ts'
import { GatewayError } from '../errors.ts'
import type { TokenSubject } from '../identity/token-subject.ts'
import { denialKey, revocationLogKey } from '../keys.ts'
import { type Announcing, REVOCATIONS_BYTES_MAX } from './announce.ts'
import { denyTokens } from './deny.ts'
import type { RevocationFeed } from './revocation-feed.ts'

export interface DenialsOptions {
  readonly store: Store
  readonly feed: RevocationFeed
  readonly random: Random
  /** How long what was revoked is remembered: no token may live longer. */
  readonly lifeMs: number
}

/** Whom to deny: a token by the digest of its id, a user by theirs. */
export type DeniedTarget =
  | { readonly kind: 'token' | 'user'; readonly digest: string }
  | { readonly kind: 'everyone' }

const EVERYONE = denialKey('everyone')
const LOG = revocationLogKey()
const LETTERS = { token: 't', user: 'u', everyone: 'e' } as const

/** Tokens that are refused though they are genuine: by their id, by their user, or all, until an instant. */
export class Denials {
  readonly #options: DenialsOptions

  constructor(options: DenialsOptions) {
    this.#options = options
  }

  /** Whether there is anything to look for. */
  get mayDeny(): boolean {
    return this.#options.feed.mayDeny
  }

  /** What a procedure is told that announces something. */
  announcing(): Announcing {
    const { random, lifeMs } = this.#options
    return { logId: random.bytes(8).toString('hex'), bytesMax: REVOCATIONS_BYTES_MAX, lifeMs }
  }

  /**
   * Rejects with `token-revoked` for a token that was revoked. One read of the store, for a token that is not
   * remembered, and none as long as nothing was ever revoked.
   */
  async refuse(subject: TokenSubject): Promise<void> {
    if (!this.mayDeny) return
    let denied: readonly (Buffer | undefined)[]
    try {
      denied = await this.#options.store.getMany(denialKeys(subject))
    } catch (error) {
      throw unavailable(error)
    }
    const [everyone, user, token] = denied
    const isTokenDenied = subject.tokenDigest !== undefined && token !== undefined
    if (isTokenDenied || isBefore(subject, everyone) || isBefore(subject, user)) throw revoked()
  }

  /** Denies in every gateway of the store; here when it resolves. Tells until which instant. */
  async deny(target: DeniedTarget, sinceMs?: number): Promise<number> {
    const { store, feed, lifeMs } = this.#options
    const digest = target.kind === 'everyone' ? '' : target.digest
    const key = target.kind === 'everyone' ? EVERYONE : denialKey(`${target.kind}:${digest}`)
    const { logId, bytesMax } = this.announcing()
    const line = `${LETTERS[target.kind]}${digest}`
    const args = [sinceMs ?? '', lifeMs, line, logId, bytesMax, lifeMs]
    const atMs = await store.run(denyTokens, [key, LOG], args)
    await feed.catchUp()
    return atMs
  }
}

/** Of everyone, the user and the token, in this order; that of everyone instead of one there is not. */
export function denialKeys({ userDigest, tokenDigest }: TokenSubject): readonly Buffer[] {
  return [
    EVERYONE,
    userDigest === undefined ? EVERYONE : denialKey(`user:${userDigest}`),
    tokenDigest === undefined ? EVERYONE : denialKey(`token:${tokenDigest}`),
  ]
}

export function revoked(): GatewayError {
  return new GatewayError('token-revoked', 'the token was revoked; sign in again')
}

function isBefore({ issuedAtMs }: TokenSubject, instant: Buffer | undefined): boolean {
  return instant !== undefined && issuedAtMs <= Number(instant.toString())
}

/** Who cannot be looked up is not let in. */
function unavailable(cause: unknown): unknown {
  if (!(cause instanceof StoreError)) return cause
  const message = 'it cannot be told just now whether the token was revoked'
  return new GatewayError('store-unavailable', message, { cause, headers: { 'retry-after': '1' } })
}
