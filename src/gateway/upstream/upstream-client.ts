import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { type Dispatcher, Pool } from 'undici'
import type { Clock } from '../../shared/clock.ts'
import { GatewayError } from '../errors.ts'
import type { UpstreamOptions } from '../options.ts'
import type { UpstreamStatistics } from '../statistics/upstream-statistics.ts'
import { AnswerCollector } from './answer-collector.ts'
import { toUpstreamError } from './upstream-error.ts'
import { parseUpstreamUrl, type UpstreamUrl } from './upstream-url.ts'

export interface UpstreamRequest {
  readonly method: 'GET' | 'POST'
  /** `/v1/graphql`, with its query. */
  readonly path: string
  /** name, value, name, value … */
  readonly headers: readonly string[]
  readonly body: Buffer | null
  readonly signal?: AbortSignal
}

/** A whole answer; its status may be any. */
export interface UpstreamAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
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

/**
 * HTTP to Hasura over a pool of connections, one request at a time on each: a slow query must not hold up
 * those behind it. Redirects are not followed, answers are not judged: only a failure is an error.
 */
export class UpstreamClient {
  readonly #options: UpstreamClientOptions
  readonly #url: UpstreamUrl
  readonly #pool: Pool

  constructor(options: UpstreamClientOptions) {
    const { upstream } = options
    this.#options = options
    this.#url = parseUpstreamUrl(upstream.url)
    this.#pool = new Pool(this.#url.origin, {
      connections: upstream.connections,
      pipelining: 1,
      headersTimeout: upstream.headersTimeoutMs,
      bodyTimeout: upstream.bodyTimeoutMs,
      connect: { timeout: upstream.connectTimeoutMs },
    })
  }

  /** The whole answer in memory, at most `responseBytesMax` of it. */
  async fetch(request: UpstreamRequest): Promise<UpstreamAnswer> {
    const { responseBytesMax } = this.#options.upstream
    const { method, path, headers, body, signal } = request
    const options = { method, path: this.#url.pathPrefix + path, headers: [...headers], body }
    return await this.#measured(
      () =>
        new Promise((resolve, reject) => {
          const collector = new AnswerCollector({
            bytesMax: responseBytesMax,
            signal,
            resolve,
            reject,
          })
          this.#pool.dispatch(options, collector)
        }),
    )
  }

  /** The head of the answer, its body still to come. The signal ends both directions. */
  async stream(request: StreamedRequest): Promise<Dispatcher.ResponseData> {
    return await this.#measured(() =>
      this.#pool.request({ ...request, path: this.#url.pathPrefix + request.path }),
    )
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await this.#pool.close()
  }

  async destroy(): Promise<void> {
    await this.#pool.destroy()
  }

  async #measured<T>(send: () => Promise<T>): Promise<T> {
    const { clock, statistics, upstream } = this.#options
    // The pool queues without limit: what it may hold is counted here.
    if (statistics.inFlight >= upstream.connections + upstream.queueMax) {
      statistics.failed('upstream-overloaded')
      throw new GatewayError('upstream-overloaded', 'too many requests wait for the upstream', {
        headers: { 'Retry-After': '1' },
      })
    }
    statistics.inFlight += 1
    const startMs = clock.monotonicMs()
    try {
      return await send()
    } catch (error) {
      if (!(error instanceof Error)) throw error
      const told = toUpstreamError(error, upstream)
      statistics.failed(told.code)
      throw told
    } finally {
      statistics.inFlight -= 1
      statistics.answered(clock.monotonicMs() - startMs)
    }
  }
}
