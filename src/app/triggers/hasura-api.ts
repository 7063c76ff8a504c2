import { Agent, request } from 'undici'
import { z } from 'zod'
import type { Config } from '../../config/index.ts'

/** Hasura understood the request and refused it, in its own words. */
export class HasuraRefusal extends Error {
  override readonly name = 'HasuraRefusal'
}

/** Hasura's metadata and SQL, as an admin. */
export interface HasuraApi {
  /** The parsed answer. Throws a HasuraRefusal, or an Error when Hasura cannot be reached. */
  post(path: '/v1/metadata' | '/v2/query', body: object): Promise<unknown>
  close(): Promise<void>
}

const refusal = z.object({ error: z.string() })

export function connectHasura({ upstream, auth }: Config, signal: AbortSignal): HasuraApi {
  const dispatcher = new Agent({
    connect: { timeout: upstream.connect_timeout },
    headersTimeout: upstream.headers_timeout,
    bodyTimeout: upstream.body_timeout,
  })
  const secret = upstream.admin_secret ?? auth.admin_secrets[0]
  const headers = {
    'content-type': 'application/json',
    ...(secret !== undefined && { 'x-hasura-admin-secret': secret }),
  }
  return {
    async post(path, body) {
      const answer = await request(`${upstream.url}${path}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
        dispatcher,
        signal,
      })
      const text = await answer.body.text()
      if (answer.statusCode === 200) return JSON.parse(text)
      throw new HasuraRefusal(reasonIn(text) ?? `status ${answer.statusCode}`)
    },
    close: () => dispatcher.close(),
  }
}

function reasonIn(text: string): string | undefined {
  try {
    return refusal.parse(JSON.parse(text)).error
  } catch {
    return undefined
  }
}
