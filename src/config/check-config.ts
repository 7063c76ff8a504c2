import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { LEASES_MAX, LOG_LIMIT_MAX } from '../gateway/index.ts'
import { parseStoreUrl } from '../store/index.ts'
import type { Config } from './schema.ts'

/** A mistake in an option that was allowed by itself; the loader finds out who set it. */
export interface Finding {
  /** `['rate_limit', 'rules', 0, 'name']` */
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** Mistakes that no option shows alone. */
export function checkConfig(config: Config): readonly Finding[] {
  return [
    ...secretProblems(config),
    ...exposureProblems(config),
    ...portProblems(config),
    ...rateLimitProblems(config),
    ...queryLimitProblems(config),
    ...manifestProblems(config),
    ...protectedStoreProblems(config),
    ...persistenceProblems(config),
    ...durabilityProblems(config),
    ...replicaProblems(config),
  ]
}

/** Hasura itself refuses to start with these (Hasura.Server.Auth, setupAuthMode). */
function secretProblems({ auth }: Config): readonly Finding[] {
  if (auth.admin_secrets.length > 0) return hookProblems(auth)
  const needs = 'needs an admin secret: set HASURA_GRAPHQL_ADMIN_SECRET'
  return [
    ...(auth.jwt_secrets.length > 0 ? [finding('auth.jwt_secrets', needs)] : []),
    ...(auth.hook_url === undefined ? [] : [finding('auth.hook_url', needs)]),
    ...(auth.unauthorized_role === undefined ? [] : [finding('auth.unauthorized_role', needs)]),
  ]
}

function hookProblems(auth: Config['auth']): readonly Finding[] {
  if (auth.hook_url === undefined) return []
  const hasTokens = auth.jwt_secrets.length > 0
  return [
    ...(hasTokens ? [finding('auth.hook_url', 'tokens or a webhook tell who asks, not both')] : []),
    ...(auth.unauthorized_role === undefined
      ? []
      : [finding('auth.unauthorized_role', 'a webhook decides for everybody, this role included')]),
  ]
}

function exposureProblems({ admin, auth, engine }: Config): readonly Finding[] {
  const findings: Finding[] = []
  if (!isLoopback(admin.host) && auth.admin_secrets.length === 0) {
    findings.push(
      finding('admin.host', `${admin.host} is open to others; set HASURA_GRAPHQL_ADMIN_SECRET`),
    )
  }
  const isServed = redisPorts(engine).some(([, port]) => port !== undefined)
  if (isServed && !isLoopback(engine.redis_host) && engine.redis_password === undefined) {
    findings.push(
      finding('engine.redis_host', `${engine.redis_host} is open to others; set redis_password`),
    )
  }
  const hasCertificate = engine.redis_tls_cert !== undefined
  if (hasCertificate !== (engine.redis_tls_key !== undefined)) {
    const [key, other] = hasCertificate ? ['cert', 'key'] : ['key', 'cert']
    findings.push(finding(`engine.redis_tls_${key}`, `needs redis_tls_${other}`))
  }
  return findings
}

function portProblems({ server, admin, engine, store }: Config): readonly Finding[] {
  const ports = [
    ['server.port', server.port],
    ['admin.port', admin.port],
    ...redisPorts(engine),
  ] as const
  const findings: Finding[] = []
  const owners = new Map<number, string>()
  for (const [key, port] of ports) {
    if (port === undefined || port === 0) continue
    const owner = owners.get(port)
    if (owner !== undefined) findings.push(finding(key, `${port} is ${owner} already`))
    owners.set(port, key)
  }
  if (store.url === 'embedded:') return findings
  for (const [key, port] of redisPorts(engine)) {
    const message = 'there is no embedded engine to serve while store.url names another store'
    if (port !== undefined) findings.push(finding(key, message))
  }
  return findings
}

/** Whoever is a replica now may be a primary later, and has to be found. */
function replicaProblems({ engine, store }: Config): readonly Finding[] {
  const urls = [
    ['engine.replica_of', engine.replica_of],
    ['engine.limits_replica_of', engine.limits_replica_of],
    ['engine.sessions_replica_of', engine.sessions_replica_of],
  ] as const
  const ports = redisPorts(engine)
  return urls.flatMap(([key, url], index) => {
    if (url === undefined) return []
    if (store.url !== 'embedded:') {
      return finding(key, 'there is no embedded engine while store.url names another store')
    }
    const address = parseStoreUrl(url)
    if (address?.kind === 'remote' && address.database !== 0) {
      return finding(key, 'has no database: a replica copies all of them')
    }
    const [portKey = '', port] = ports[index] ?? []
    const name = portKey.replace('engine.', '')
    return port === undefined ? finding(key, `needs ${name}, to be found as a primary`) : []
  })
}

function redisPorts(engine: Config['engine']): readonly (readonly [string, number | undefined])[] {
  return [
    ['engine.redis_port', engine.redis_port],
    ['engine.limits_redis_port', engine.limits_redis_port],
    ['engine.sessions_redis_port', engine.sessions_redis_port],
  ]
}

function rateLimitProblems({ rate_limit: { rules } }: Config): readonly Finding[] {
  return rules.flatMap((rule, index) => {
    const at = (key: string): Finding['path'] => ['rate_limit', 'rules', index, key]
    const first = rules.findIndex((other) => other.name === rule.name)
    const problems = [...nameProblems(rule.name, first, index), ...ruleProblems(rule)]
    return problems.map(([key, message]) => ({ path: at(key), message }))
  })
}

type Problem = readonly [key: string, message: string]

/** The name tells a subject's counters from those of another rule. */
function nameProblems(name: string, first: number, index: number): readonly Problem[] {
  return first === index ? [] : [['name', `"${name}" is the name of rule ${first} already`]]
}

function ruleProblems({
  algorithm,
  exact,
  limit,
  window,
  burst,
}: Config['rate_limit']['rules'][number]): readonly Problem[] {
  const problems: Problem[] = []
  if (window === undefined && algorithm !== 'concurrency') {
    problems.push(['window', `is missing: ${algorithm} has a limit within a window`])
  }
  if (exact && algorithm !== 'window') problems.push(['exact', `is of window, not of ${algorithm}`])
  if (exact && limit > LOG_LIMIT_MAX) {
    problems.push(['limit', `an exact limit is at most ${LOG_LIMIT_MAX}`])
  }
  if (algorithm === 'concurrency' && limit > LEASES_MAX) {
    problems.push(['limit', `at most ${LEASES_MAX} at once`])
  }
  if (burst !== undefined && algorithm !== 'gcra') {
    problems.push(['burst', `is of gcra, not of ${algorithm}`])
  }
  if (algorithm === 'gcra' && window !== undefined && limit > window * US_PER_MS) {
    problems.push(['limit', 'gcra has at most one unit in a microsecond'])
  }
  return problems
}

const US_PER_MS = 1_000

const RULED_LIMITS = [
  'body_size_max',
  'url_length_max',
  'tokens_max',
  'depth_max',
  'nodes_max',
  'aliases_max',
  'root_fields_max',
  'directives_max',
  'batch_max',
  'variables_size_max',
  'variables_depth_max',
] as const

/** A rule that allows more than anybody may ask would be read as if it did. */
function queryLimitProblems({ limits }: Config): readonly Finding[] {
  return limits.rules.flatMap((rule, index) =>
    RULED_LIMITS.flatMap((name) => {
      const given = rule[name]
      if (given === undefined || given <= limits[name]) return []
      const message = `${given} is above limits.${name}, which is for everybody: ${limits[name]}`
      return [{ path: ['limits', 'rules', index, name], message }]
    }),
  )
}

function manifestProblems({ trusted_documents: { mode, manifest } }: Config): readonly Finding[] {
  if (mode === 'off' || manifest !== undefined) return []
  return [finding('trusted_documents.mode', `"${mode}" needs trusted_documents.manifest`)]
}

function protectedStoreProblems({ store }: Config): readonly Finding[] {
  if (store.protected_url === undefined || store.url !== 'embedded:') return []
  const message =
    'is for a remote store: the embedded engine keeps limits and sessions apart itself'
  return [finding('store.protected_url', message)]
}

/** The lock in it is a socket, whose path the system bounds: 104 bytes with the zero behind it on macOS, 108 on Linux. */
const DATA_DIR_BYTES_MAX = 92

function persistenceProblems({ engine, store }: Config): readonly Finding[] {
  if (engine.persistence === 'none') return []
  if (store.url !== 'embedded:') {
    const message = 'is of the embedded engine: what another store keeps is its own setting'
    return [finding('engine.persistence', message)]
  }
  if (engine.data_dir === undefined) {
    return [finding('engine.persistence', `"${engine.persistence}" needs engine.data_dir`)]
  }
  if (Buffer.byteLength(resolve(engine.data_dir)) <= DATA_DIR_BYTES_MAX) return []
  const message = `the whole path is longer than ${DATA_DIR_BYTES_MAX} bytes, and a socket has to fit in`
  return [finding('engine.data_dir', message)]
}

function durabilityProblems({ engine, session, store }: Config): readonly Finding[] {
  const { durability } = session
  const isEmbedded = store.url === 'embedded:'
  if (durability === 'fsync' && !isEmbedded) {
    const message =
      '"fsync" is of the embedded engine: when another store writes its log is its own setting'
    return [finding('session.durability', message)]
  }
  if (durability === 'fsync' && engine.persistence !== 'aof+rdb') {
    return [finding('session.durability', '"fsync" needs engine.persistence aof+rdb')]
  }
  if (durability === 'replicated' && isEmbedded && engine.sessions_redis_port === undefined) {
    const message = '"replicated" needs engine.sessions_redis_port, for replicas to connect to'
    return [finding('session.durability', message)]
  }
  return []
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}

function finding(key: string, message: string): Finding {
  return { path: key.split('.'), message }
}
