import { request } from 'undici'

export interface Asked {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

export type Headers = Readonly<Record<string, string>>

/** POSTs to /v1/graphql: a query as text, a whole request as an object, a body as it is in a Buffer. */
export async function ask(
  url: string,
  query: string | object | Buffer,
  headers: Headers = {},
): Promise<Asked> {
  const body = Buffer.isBuffer(query)
    ? query
    : JSON.stringify(typeof query === 'string' ? { query } : query)
  return await send(url, '/v1/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
}

export async function send(
  url: string,
  path: string,
  options: {
    readonly method?: string
    readonly headers?: Headers
    readonly body?: string | Buffer
  } = {},
): Promise<Asked> {
  const { method = 'GET', headers = {}, body = null } = options
  const answer = await request(`${url}${path}`, { method, headers, body })
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() }
}

/** The value of a header that is there once. */
export function textOf(header: string | string[] | undefined): string {
  if (typeof header === 'string') return header
  throw new Error('the header is missing or stands several times')
}

/** All values of a header. */
export function listOf(header: string | string[] | undefined): readonly string[] {
  if (header === undefined) return []
  return typeof header === 'string' ? [header] : header
}
