import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import { shownUrl } from '../upstream/upstream-url.ts'
import type { AuthStatistics } from './auth-statistics.ts'
import { isJsonObject } from './json.ts'
import { jwksLifetimeMs } from './jwks-lifetime.ts'
import type { KeySet } from './key-set.ts'
import { type JwkOptions, keyFromJwk, type VerificationKey } from './verification-key.ts'

export interface JwksOptions extends JwkOptions {
  readonly url: string
  /**
   * A server that says `no-cache` is not asked without pause, one that fails not given up, and tokens that name
   * keys nobody knows do not make it be asked more often.
   */
  readonly refreshMinMs: number
  readonly clock: Clock
  readonly log: Logger
  readonly statistics: AuthStatistics
  /** Called when the keys are no longer those that verified earlier tokens. */
  readonly onChange: () => void
}

// As graphql-engine v2 starts: 6 tries, each waiting twice as long as the one before.
const START_TRIES = 6
const START_DELAY_MS = 200
const FETCH_TIMEOUT_MS = 10_000
const BODY_BYTES_MAX = 1_048_576
const KEYS_MAX = 100
const REFRESH_DELAY_MAX_MS = 86_400_000

/**
 * The keys behind a jwk_url, fetched at start, again as the answer's Cache-Control or Expires say, and when a token
 * names a key that is not there: an issuer may sign with a new key at once. Those at hand stay good meanwhile.
 */
export class JwksKeySet implements KeySet {
  readonly #options: JwksOptions
  /** In logs and errors: the query of a URL may hold what is nobody's business. */
  readonly #name: string
  readonly #stopping = new AbortController()
  #keys: readonly VerificationKey[] = []
  #body = ''
  #timer: NodeJS.Timeout | undefined
  #lookingAgain: Promise<void> | undefined
  #lookedAgainAtMs = Number.NEGATIVE_INFINITY

  constructor(options: JwksOptions) {
    this.#options = options
    this.#name = shownUrl(options.url)
  }

  keys(): readonly VerificationKey[] {
    return this.#keys
  }

  async start(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.#refreshIn(await this.refresh())
        return
      } catch (error) {
        this.#options.log.warn({ err: error, url: this.#name, attempt }, 'could not fetch the JWKS')
        if (attempt === START_TRIES) throw error
      }
      const delayMs = START_DELAY_MS * 2 ** (attempt - 1)
      await sleep(delayMs, undefined, { signal: this.#stopping.signal })
    }
  }

  async lookAgain(): Promise<void> {
    const { clock, refreshMinMs } = this.#options
    if (this.#lookingAgain === undefined) {
      const now = clock.monotonicMs()
      if (now - this.#lookedAgainAtMs < refreshMinMs) return
      this.#lookedAgainAtMs = now
      this.#lookingAgain = this.#refreshInBackground().finally(() => {
        this.#lookingAgain = undefined
      })
    }
    await this.#lookingAgain
  }

  stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#stopping.abort()
    return Promise.resolve()
  }

  /** Fetches the keys. Gives how long they are good for in milliseconds; `undefined`: until the end. */
  async refresh(): Promise<number | undefined> {
    const { statistics } = this.#options
    try {
      return await this.#fetch()
    } catch (error) {
      statistics.jwks.add('failed')
      throw error
    }
  }

  async #fetch(): Promise<number | undefined> {
    const { url, clock, onChange, statistics } = this.#options
    const timeout = AbortSignal.timeout(FETCH_TIMEOUT_MS)
    const signal = AbortSignal.any([timeout, this.#stopping.signal])
    const response = await fetch(url, { signal, headers: { accept: 'application/json' } })
    if (!response.ok) throw new Error(`${this.#name} answered ${response.status}`)
    const body = await readBody(response, this.#name)
    const isChanged = body !== this.#body
    statistics.jwks.add(isChanged ? 'changed' : 'unchanged')
    if (isChanged) {
      this.#keys = parseJwks(body, this.#options, this.#name)
      this.#body = body
      onChange()
    }
    return jwksLifetimeMs(response.headers, clock.nowMs())
  }

  #refreshIn(lifetimeMs: number | undefined): void {
    clearTimeout(this.#timer)
    if (lifetimeMs === undefined || this.#stopping.signal.aborted) return
    const delayMs = Math.min(Math.max(lifetimeMs, this.#options.refreshMinMs), REFRESH_DELAY_MAX_MS)
    this.#timer = setTimeout(() => void this.#refreshInBackground(), delayMs)
    this.#timer.unref()
  }

  async #refreshInBackground(): Promise<void> {
    try {
      this.#refreshIn(await this.refresh())
    } catch (error) {
      if (this.#stopping.signal.aborted) return
      // The keys at hand stay good: an issuer that is down must not log everybody out.
      this.#options.log.warn({ err: error, url: this.#name }, 'could not refresh the JWKS')
      this.#refreshIn(0)
    }
  }
}

async function readBody(response: Response, name: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    length += chunk.length
    if (length > BODY_BYTES_MAX)
      throw new Error(`${name} answered more than ${BODY_BYTES_MAX} bytes`)
  }
  return Buffer.concat(chunks).toString()
}

function parseJwks(body: string, options: JwkOptions, name: string): readonly VerificationKey[] {
  const jwks: unknown = JSON.parse(body)
  if (!isJsonObject(jwks) || !Array.isArray(jwks['keys'])) {
    throw new Error(`${name} answered no JWKS: it has no list of keys`)
  }
  return jwks['keys']
    .slice(0, KEYS_MAX)
    .map((key: unknown) => keyFromJwk(key, options))
    .filter((key) => key !== undefined)
}
