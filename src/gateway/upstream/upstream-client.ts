import type { Readable } from 'node:stream'
import { type Dispatcher, Pool } from 'undici'
import type { Clock } from '../../shared/clock.ts'
import { GatewayError } from '../errors.ts'
import type { UpstreamOptions } from '../options.ts'
import type { UpstreamStatistics } from '../statistics/upstream-statistics.ts'
import { AnswerCollector } from './answer-collector.ts'
import type { UpstreamAnswer } from './upstream-answer.ts'
import { toUpstreamError } from './upstream-error.ts'
import { parseUpstreamUrl, type UpstreamUrl } from './upstream-url.ts'

export interface UpstreamRequest {
  readonly method: 'GET' | 'POST'
  /** `/v1/graphql`, with its query. */
  readonly path: string
  /** name, value, name, value … */
  readonly headers: readonly string[]
  readonly body: Buffer | null
  readonly signal?: AbortSignal | undefined
}

export interface StreamedRequest {
  readonly method: string
  readonly path: string
  readonly headers: string[]
  readonly body: Readable | Buffer | null
  readonly signal: AbortSignal
}

export interface UpstreamClientOptions {
  readonly upstream: UpstreamOptions
  readonly clock: Clock
  readonly statistics: UpstreamStatistics
}

/** Connections, and how many requests have one or wait for one. */
interface Channel {
  readonly pool: Pool
  inFlight: number
}

/**
 * HTTP to Hasura over pools of connections, one request at a time on each: a slow query must not hold up
 * those behind it. What is streamed has a pool of its own: clients that send or read slowly keep their
 * connections, and must not keep everybody from GraphQL. Redirects are not followed, answers are not judged:
 * only a failure is an error.
 */
export class UpstreamClient {
  readonly #options: UpstreamClientOptions
  readonly #url: UpstreamUrl
  readonly #whole: Channel
  readonly #streamed: Channel

  constructor(options: UpstreamClientOptions) {
    const { upstream } = options
    this.#options = options
    this.#url = parseUpstreamUrl(upstream.url)
    this.#whole = { pool: createPool(this.#url.origin, upstream), inFlight: 0 }
    this.#streamed = { pool: createPool(this.#url.origin, upstream), inFlight: 0 }
  }

  /** The whole answer in memory, at most `responseBytesMax` of it. */
  async fetch(request: UpstreamRequest): Promise<UpstreamAnswer> {
    const { responseBytesMax } = this.#options.upstream
    const { method, path, headers, body, signal } = request
    const options = { method, path: this.#url.pathPrefix + path, headers: [...headers], body }
    return await this.#measured(
      this.#whole,
      (pool) =>
        new Promise((resolve, reject) => {
          const collector = new AnswerCollector({
            bytesMax: responseBytesMax,
            signal,
            resolve,
            reject,
          })
          pool.dispatch(options, collector)
        }),
    )
  }

  /** The head of the answer, its body still to come. The signal ends both directions. */
  async stream(request: StreamedRequest): Promise<Dispatcher.ResponseData> {
    return await this.#measured(this.#streamed, (pool) =>
      pool.request({ ...request, path: this.#url.pathPrefix + request.path }),
    )
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await Promise.all([this.#whole.pool.close(), this.#streamed.pool.close()])
  }

  async destroy(): Promise<void> {
    await Promise.all([this.#whole.pool.destroy(), this.#streamed.pool.destroy()])
  }

  async #measured<T>(channel: Channel, send: (pool: Pool) => Promise<T>): Promise<T> {
    const { clock, statistics, upstream } = this.#options
    // A pool queues without limit: what it may hold is counted here.
    if (channel.inFlight >= upstream.connections + upstream.queueMax) {
      statistics.failed('upstream-overloaded')
      throw new GatewayError('upstream-overloaded', 'too many requests wait for the upstream', {
        headers: { 'Retry-After': '1' },
      })
    }
    channel.inFlight += 1
    statistics.inFlight += 1
    const startMs = clock.monotonicMs()
    try {
      return await send(channel.pool)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      const told = toUpstreamError(error, upstream)
      statistics.failed(told.code)
      throw told
    } finally {
      channel.inFlight -= 1
      statistics.inFlight -= 1
      statistics.answered(clock.monotonicMs() - startMs)
    }
  }
}

function createPool(origin: string, upstream: UpstreamOptions): Pool {
  return new Pool(origin, {
    connections: upstream.connections,
    pipelining: 1,
    headersTimeout: upstream.headersTimeoutMs,
    bodyTimeout: upstream.bodyTimeoutMs,
    connect: { timeout: upstream.connectTimeoutMs },
  })
}
