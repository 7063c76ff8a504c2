import { hash } from 'node:crypto'
import type { Clock } from '../../shared/clock.ts'
import { parseJsonSlices } from '../../shared/json-slices.ts'
import { nextTurn, runInSlices } from '../../shared/slices.ts'
import { GatewayError } from '../errors.ts'
import type { MetadataSource } from '../metadata/read-upstream.ts'
import type { UpstreamClient } from './upstream-client.ts'

/** How long reading an answer may hold up requests; a MB takes some 8 ms. */
const SLICE_MS = 5

/** What Hasura said last to a request. */
interface Remembered {
  readonly digest: Buffer
  readonly json: unknown
}

/** Asks Hasura about itself, over the connections that serve the clients. */
export class UpstreamMetadataSource implements MetadataSource {
  readonly #upstream: UpstreamClient
  readonly #clock: Clock
  readonly #headers: readonly string[]
  /** By path: polls ask the same again and again, and seldom hear something new. */
  readonly #remembered = new Map<string, Remembered>()

  constructor(upstream: UpstreamClient, adminSecret: string | undefined, clock: Clock) {
    this.#upstream = upstream
    this.#clock = clock
    const secret = adminSecret === undefined ? [] : ['x-hasura-admin-secret', adminSecret]
    this.#headers = ['content-type', 'application/json', 'accept-encoding', 'identity', ...secret]
  }

  async fetchJson(path: string, request: unknown, signal: AbortSignal): Promise<unknown> {
    const body = Buffer.from(JSON.stringify(request))
    const answer = await this.#upstream.fetch({
      method: 'POST',
      path,
      headers: this.#headers,
      body,
      signal,
    })
    if (answer.status !== 200) {
      const message = `the upstream answered ${answer.status} to ${path}`
      throw new GatewayError('upstream-invalid-response', message)
    }
    return await this.#read(path, answer.body)
  }

  /** The same object for the same bytes. */
  async #read(path: string, body: Buffer): Promise<unknown> {
    const digest = hash('sha256', body, 'buffer')
    const known = this.#remembered.get(path)
    if (known?.digest.equals(digest) === true) return known.json
    const json = await runInSlices(parseJsonSlices(body.toString()), {
      sliceMs: SLICE_MS,
      monotonicMs: () => this.#clock.monotonicMs(),
      pause: nextTurn,
    })
    this.#remembered.set(path, { digest, json })
    return json
  }
}
