import type { ReceivedRequest } from './echo-upstream.ts'

/** The session that the claims and headers of a request make of its client, as Hasura would have it. */
export function sessionOf({ headers }: ReceivedRequest): Readonly<Record<string, unknown>> {
  const [, payload = ''] = String(headers.authorization).split('.')
  const token: Record<string, Record<string, unknown>> = JSON.parse(
    Buffer.from(payload, 'base64url').toString(),
  )
  const claims = token['https://hasura.io/jwt/claims'] ?? {}
  const role = headers['x-hasura-role'] ?? claims['x-hasura-default-role']
  return { ...claims, 'x-hasura-role': role }
}
