import { generateKeyPairSync, sign } from 'node:crypto'

/** One table that every user sees alike: its answers are shared by all tokens. */
export const METADATA = {
  version: 3,
  sources: [
    {
      name: 'default',
      kind: 'postgres',
      tables: [
        {
          table: { schema: 'public', name: 'products' },
          select_permissions: [
            { role: 'user', permission: { columns: ['id', 'name', 'price'], filter: {} } },
          ],
        },
      ],
      configuration: {},
    },
  ],
}

const ANSWER_BYTES = 1_024

/** 1 KB of JSON as Hasura would answer. */
export function answerBytes(): Buffer {
  const rows: unknown[] = []
  const text = (): string => JSON.stringify({ data: { products: rows } })
  while (text().length < ANSWER_BYTES)
    rows.push({ id: rows.length + 1, name: 'A thing', price: 12 })
  return Buffer.from(text())
}

const QUERY = `query ProductsAfter($after: Int!, $limit: Int!) {
  products(where: { id: { _gt: $after } }, order_by: { id: asc }, limit: $limit) {
    id
    name
    price
  }
}`

const TOKENS = 100

export interface Clients {
  /** For HASURA_GRAPHQL_JWT_SECRET. */
  readonly jwtSecret: string
  /** The bytes of a request, one of a kind for each `index`; the tokens take turns. */
  request(index: number): Buffer
}

/** A hundred users with tokens of RS256, as identity providers issue them. */
export function createClients(): Clients {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const tokenOf = (user: number): string => {
    const claims = {
      sub: `user-${user}`,
      exp: Math.floor(Date.now() / 1_000) + 3_600,
      'https://hasura.io/jwt/claims': {
        'x-hasura-default-role': 'user',
        'x-hasura-allowed-roles': ['user'],
        'x-hasura-user-id': String(user),
      },
    }
    const input = `${base64url({ alg: 'RS256', typ: 'JWT' })}.${base64url(claims)}`
    return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`
  }
  const tokens = Array.from({ length: TOKENS }, (_, user) => tokenOf(user))
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  return {
    jwtSecret: JSON.stringify({ type: 'RS256', key: pem }),
    request(index) {
      const variables = { after: index, limit: 20 }
      const body = JSON.stringify({ query: QUERY, operationName: 'ProductsAfter', variables })
      return httpRequest(tokens[index % TOKENS] ?? '', body)
    },
  }
}

function httpRequest(token: string, body: string): Buffer {
  const head = [
    'POST /v1/graphql HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/json',
    `Authorization: Bearer ${token}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
