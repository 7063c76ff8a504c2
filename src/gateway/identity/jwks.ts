import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import { isJsonObject } from './json.ts'
import { jwksLifetimeMs } from './jwks-lifetime.ts'
import type { KeySet } from './key-set.ts'
import { keyFromJwk, type VerificationKey } from './verification-key.ts'

export interface JwksOptions {
  readonly url: string
  readonly clock: Clock
  readonly log: Logger
  /** Called when the keys are no longer those that verified earlier tokens. */
  readonly onChange: () => void
}

// As graphql-engine v2 starts: 6 tries, each waiting twice as long as the one before.
const START_TRIES = 6
const START_DELAY_MS = 200
const FETCH_TIMEOUT_MS = 10_000
const BODY_BYTES_MAX = 1_048_576
const KEYS_MAX = 100
/** A server that says `no-cache` is not asked without pause, one that fails not given up. */
const REFRESH_DELAY_MIN_MS = 10_000
const REFRESH_DELAY_MAX_MS = 86_400_000

/** The keys behind a jwk_url, fetched at start and again as the answer's Cache-Control or Expires say. */
export class JwksKeySet implements KeySet {
  readonly #options: JwksOptions
  readonly #stopping = new AbortController()
  #keys: readonly VerificationKey[] = []
  #body = ''
  #timer: NodeJS.Timeout | undefined

  constructor(options: JwksOptions) {
    this.#options = options
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
        const { url, log } = this.#options
        log.warn({ err: error, url, attempt }, 'could not fetch the JWKS')
        if (attempt === START_TRIES) throw error
      }
      const delayMs = START_DELAY_MS * 2 ** (attempt - 1)
      await sleep(delayMs, undefined, { signal: this.#stopping.signal })
    }
  }

  stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#stopping.abort()
    return Promise.resolve()
  }

  /** Fetches the keys. Gives how long they are good for in milliseconds; `undefined`: until the end. */
  async refresh(): Promise<number | undefined> {
    const { url, clock, onChange } = this.#options
    const timeout = AbortSignal.timeout(FETCH_TIMEOUT_MS)
    const signal = AbortSignal.any([timeout, this.#stopping.signal])
    const response = await fetch(url, { signal, headers: { accept: 'application/json' } })
    if (!response.ok) throw new Error(`${url} answered ${response.status}`)
    const body = await readBody(response, url)
    if (body !== this.#body) {
      this.#keys = parseJwks(body, url)
      this.#body = body
      onChange()
    }
    return jwksLifetimeMs(response.headers, clock.nowMs())
  }

  #refreshIn(lifetimeMs: number | undefined): void {
    if (lifetimeMs === undefined || this.#stopping.signal.aborted) return
    const delayMs = Math.min(Math.max(lifetimeMs, REFRESH_DELAY_MIN_MS), REFRESH_DELAY_MAX_MS)
    this.#timer = setTimeout(() => void this.#refreshInBackground(), delayMs)
    this.#timer.unref()
  }

  async #refreshInBackground(): Promise<void> {
    try {
      this.#refreshIn(await this.refresh())
    } catch (error) {
      if (this.#stopping.signal.aborted) return
      // The keys at hand stay good: an issuer that is down must not log everybody out.
      const { url, log } = this.#options
      log.warn({ err: error, url }, 'could not refresh the JWKS')
      this.#refreshIn(0)
    }
  }
}

async function readBody(response: Response, url: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    length += chunk.length
    if (length > BODY_BYTES_MAX)
      throw new Error(`${url} answered more than ${BODY_BYTES_MAX} bytes`)
  }
  return Buffer.concat(chunks).toString()
}

function parseJwks(body: string, url: string): readonly VerificationKey[] {
  const jwks: unknown = JSON.parse(body)
  if (!isJsonObject(jwks) || !Array.isArray(jwks['keys'])) {
    throw new Error(`${url} answered no JWKS: it has no list of keys`)
  }
  return jwks['keys']
    .slice(0, KEYS_MAX)
    .map(keyFromJwk)
    .filter((key) => key !== undefined)
}
