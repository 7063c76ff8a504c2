import type { IncomingHttpHeaders } from 'node:http'
import { type Dispatcher, Pool } from 'undici'
import type { Awaitable } from '../../shared/awaitable.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import { TwoGenerationMap } from '../../shared/two-generation-map.ts'
import { GatewayError } from '../errors.ts'
import type { AuthHookOptions } from '../options.ts'
import { shownUrl } from '../upstream/upstream-url.ts'
import type { AuthStatistics } from './auth-statistics.ts'
import { type HookAnswer, readHookAnswer } from './hook-answer.ts'
import { type HookQuestion, headersKey, hookQuestion, questionKey } from './hook-question.ts'
import type { Identity } from './identity.ts'
import { ROLE_HEADER } from './identity-headers.ts'
import { upstreamSession } from './upstream-session.ts'

export interface AuthHookParts {
  readonly hook: AuthHookOptions
  /** With it Hasura is told what the webhook said. */
  readonly upstreamSecret: string
  /** Answers remembered at once. */
  readonly answersMax: number
  readonly jsonDepthMax: number
  readonly statistics: AuthStatistics
  readonly clock: Clock
  readonly log: Logger
}

interface Remembered {
  readonly identity: Identity
  readonly untilMs: number
}

const USER_ID = 'x-hasura-user-id'
const ANSWER_BYTES_MAX = 65_536
/** A webhook that is down must not fill the log. */
const LOG_INTERVAL_MS = 1_000

/**
 * Asks HASURA_GRAPHQL_AUTH_HOOK who sends a request. The answer is remembered as long as it says, and who asks the
 * same meanwhile waits for the one question. Hasura is told the answer instead of being left to ask as well: asked
 * twice, a webhook may answer twice, and then a key would not be that of the session behind it.
 */
export class AuthHook {
  readonly #parts: AuthHookParts
  readonly #pool: Pool
  readonly #path: string
  readonly #answers: TwoGenerationMap<string, Remembered>
  /** By key. */
  readonly #asking = new Map<string, Promise<Identity>>()
  /** Requests with the same bytes in their head have the same object of headers. */
  readonly #headersKeys = new WeakMap<IncomingHttpHeaders, string>()
  readonly #asksForBody: boolean
  #loggedAtMs = Number.NEGATIVE_INFINITY

  constructor(parts: AuthHookParts) {
    const { hook } = parts
    const { origin, pathname, search } = new URL(hook.url)
    this.#parts = parts
    this.#path = pathname + search
    this.#asksForBody = hook.mode === 'POST' && hook.sendsRequestBody
    this.#answers = new TwoGenerationMap(parts.answersMax)
    this.#pool = new Pool(origin, {
      connections: hook.connections,
      pipelining: 1,
      connect: { timeout: hook.timeoutMs },
    })
  }

  async stop(): Promise<void> {
    await this.#pool.destroy()
  }

  /** `body` is that of the request; none over a WebSocket. Refusals are thrown, or rejected, as GatewayError. */
  identity(headers: IncomingHttpHeaders, body: Buffer | undefined): Awaitable<Identity> {
    const { statistics, hook, clock } = this.#parts
    const key = this.#key(headers, body)
    const remembered = this.#answers.get(key)
    if (remembered !== undefined && clock.nowMs() < remembered.untilMs) {
      statistics.hook.add('remembered')
      return remembered.identity
    }
    const underWay = this.#asking.get(key)
    if (underWay !== undefined) {
      statistics.hook.add('shared')
      return underWay
    }
    if (this.#asking.size >= hook.connections + hook.queueMax) {
      statistics.hook.add('overloaded')
      throw requestFailed(undefined)
    }
    const question = hookQuestion(headers, body, this.#parts)
    const asking = this.#ask(key, question).finally(() => this.#asking.delete(key))
    this.#asking.set(key, asking)
    return asking
  }

  /** Without reading the body: that is for the first who asks. */
  #key(headers: IncomingHttpHeaders, body: Buffer | undefined): string {
    let key = this.#headersKeys.get(headers)
    if (key === undefined) {
      key = headersKey(headers, this.#parts)
      this.#headersKeys.set(headers, key)
    }
    return this.#asksForBody && body !== undefined ? questionKey(key, body) : key
  }

  async #ask(key: string, question: HookQuestion): Promise<Identity> {
    const { clock, hook, statistics } = this.#parts
    try {
      const { statusCode, headers, body } = await this.#send(question)
      const nowMs = clock.nowMs()
      const answer = readHookAnswer(statusCode, body, nowMs)
      const setCookies = [headers['set-cookie'] ?? []].flat()
      const identity = this.#identityOf(answer, setCookies)
      statistics.hook.add('accepted')
      if (answer.isReusable && setCookies.length === 0 && hook.maxAgeMs > 0) {
        const untilMs = Math.min(answer.expiresAtMs, nowMs + hook.maxAgeMs)
        this.#answers.set(key, { identity, untilMs })
      }
      return identity
    } catch (error) {
      const told = error instanceof GatewayError ? error : requestFailed(error)
      statistics.hook.add(told.code === 'access-denied' ? 'denied' : 'failed')
      if (told.code !== 'access-denied') this.#log(told)
      throw told
    }
  }

  /** The whole answer within the timeout, a wait for a connection included. Redirects are not followed. */
  async #send(
    question: HookQuestion,
  ): Promise<Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'> & { readonly body: Buffer }> {
    const { mode: method, timeoutMs } = this.#parts.hook
    const answer = await this.#pool.request({
      path: this.#path,
      method,
      headers: [...question.headers],
      body: question.body ?? null,
      signal: AbortSignal.timeout(timeoutMs),
    })
    const { statusCode, headers, body } = answer
    return { statusCode, headers, body: await readAnswer(body) }
  }

  #identityOf({ session, expiresAtMs }: HookAnswer, setCookies: readonly string[]): Identity {
    const { upstreamSecret } = this.#parts
    return {
      kind: 'hook',
      role: session.get(ROLE_HEADER) ?? '',
      userId: session.get(USER_ID),
      sessionVariables: session,
      expiresAtMs,
      upstreamHeaders: upstreamSession(upstreamSecret, session),
      sessionId: undefined,
      ...(setCookies.length > 0 && { setCookies }),
    }
  }

  /** Neither what was asked nor what was answered: both say who somebody is, or prove it. */
  #log(error: GatewayError): void {
    const { clock, hook, log } = this.#parts
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#loggedAtMs < LOG_INTERVAL_MS) return
    this.#loggedAtMs = nowMs
    log.warn({ err: error, url: shownUrl(hook.url) }, 'the authorization hook failed')
  }
}

async function readAnswer(body: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) continue
    chunks.push(chunk)
    length += chunk.length
    if (length > ANSWER_BYTES_MAX) throw new Error(`more than ${ANSWER_BYTES_MAX} bytes`)
  }
  return Buffer.concat(chunks)
}

/** To Hasura this is an internal error; it is none of the gateway. */
function requestFailed(cause: unknown): GatewayError {
  const message = 'webhook authentication request failed'
  return new GatewayError('unexpected', message, { cause, isBug: false })
}
