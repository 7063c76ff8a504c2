import { GatewayError } from '../errors.ts'
import type { MetadataSource } from '../metadata/plan.ts'
import type { UpstreamClient } from './upstream-client.ts'

/** Asks Hasura about itself, over the connections that serve the clients. */
export class UpstreamMetadataSource implements MetadataSource {
  readonly #upstream: UpstreamClient
  readonly #headers: readonly string[]

  constructor(upstream: UpstreamClient, adminSecret: string | undefined) {
    this.#upstream = upstream
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
    return JSON.parse(answer.body.toString())
  }
}
