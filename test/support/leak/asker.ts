import { createHmac } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Random } from '../../../src/shared/random.ts'
import { ADMIN_SECRET, JWT_KEY } from '../gateway-options.ts'
import { pick } from '../shop-values.ts'
import { VARIABLES } from './filter.ts'
import { ROLES } from './project.ts'

/** Somebody with credentials, as a client sends them. */
export interface Asker {
  readonly name: string
  readonly headers: IncomingHttpHeaders
}

/** What Hasura makes of credentials. */
export interface Session {
  readonly role: string
  readonly variables: ReadonlyMap<string, string>
}

/** Few, so that some have the same, and such that values run together or look like other things. */
const VALUES = ['1', '2', '12', '{1,2}', '1,2', '', 'null', '-', '1:2', 'x-hasura-a'] as const
const NAMESPACE = 'https://hasura.io/jwt/claims'
const YEAR_3000_SECONDS = 32_503_680_000

export function createAskers(random: Random, count: number): readonly Asker[] {
  return Array.from({ length: count }, (_, index) => {
    const headers = pick(random, [byToken, byToken, bySecret, bySecret, byNothing])(random)
    return { name: `asker ${index} ${JSON.stringify(sessionOf(headers))}`, headers }
  })
}

function byToken(random: Random): IncomingHttpHeaders {
  const role = pick(random, ROLES)
  const other = pick(random, ROLES)
  const claims = {
    'x-hasura-allowed-roles': [role, other],
    'x-hasura-default-role': role,
    ...tokenVariables(random),
  }
  const payload = { [NAMESPACE]: claims, exp: YEAR_3000_SECONDS }
  const signed = [{ alg: 'HS256', typ: 'JWT' }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const signature = createHmac('sha256', JWT_KEY).update(signed).digest('base64url')
  const authorization = `Bearer ${signed}.${signature}`
  return random.next() < 0.3 ? { authorization, 'x-hasura-role': other } : { authorization }
}

function bySecret(random: Random): IncomingHttpHeaders {
  const role = random.next() < 0.1 ? {} : { 'x-hasura-role': pick(random, [...ROLES, 'admin']) }
  return { 'x-hasura-admin-secret': ADMIN_SECRET, ...role, ...randomVariables(random) }
}

/** Its role is the unauthorized one, whatever it says. */
function byNothing(random: Random): IncomingHttpHeaders {
  const role = random.next() < 0.3 ? { 'x-hasura-role': pick(random, ROLES) } : {}
  return { ...role, ...randomVariables(random) }
}

function randomVariables(random: Random): Readonly<Record<string, string>> {
  const named = VARIABLES.filter(() => random.next() < 0.8)
  const isPlain = random.next() < 0.75
  const values = isPlain ? VALUES.slice(0, 2) : VALUES
  return Object.fromEntries(named.map((name) => [`x-hasura-${name}`, pick(random, values)]))
}

/** Now and then with one that no header could say, in other letters: in both spellings a token is refused. */
function tokenVariables(random: Random): Readonly<Record<string, string>> {
  const { 'x-hasura-org-id': orgId, ...others } = randomVariables(random)
  if (random.next() < 0.2) {
    return { ...others, 'X-Hasura-Org-Id': pick(random, ['é\n', '💡', ' 1']) }
  }
  return orgId === undefined ? others : { ...others, 'x-hasura-org-id': orgId }
}

const sessions = new WeakMap<IncomingHttpHeaders, Session>()

/** As the upstream reads the headers, whoever sent them. */
export function sessionOf(headers: IncomingHttpHeaders): Session {
  const known = sessions.get(headers)
  if (known !== undefined) return known
  const session = readSession(headers)
  sessions.set(headers, session)
  return session
}

function readSession(headers: IncomingHttpHeaders): Session {
  const { authorization, 'x-hasura-role': asked } = headers
  if (headers['x-hasura-admin-secret'] === ADMIN_SECRET) {
    return { role: typeof asked === 'string' ? asked : 'admin', variables: variablesIn(headers) }
  }
  if (authorization === undefined) return { role: 'anonymous', variables: variablesIn(headers) }
  const [, payload = ''] = authorization.split('.')
  const { [NAMESPACE]: claims } = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const role = typeof asked === 'string' ? asked : claims['x-hasura-default-role']
  return { role, variables: variablesIn(claims) }
}

function variablesIn(members: Readonly<Record<string, unknown>>): Session['variables'] {
  const variables = new Map<string, string>()
  for (const [name, value] of Object.entries(members)) {
    const variable = name.toLowerCase()
    const isOne = variable.startsWith('x-hasura-') && !NO_VARIABLES.has(variable)
    if (isOne && typeof value === 'string') variables.set(variable, value)
  }
  return variables
}

const NO_VARIABLES: ReadonlySet<string> = new Set([
  'x-hasura-admin-secret',
  'x-hasura-role',
  'x-hasura-default-role',
])
