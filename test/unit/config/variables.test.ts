import { describe, expect, it } from 'vitest'
import { type Config, configSections, loadConfig } from '../../../src/config/index.ts'

const SESSION_SECRET = 's'.repeat(32)
const JWT_SECRET = JSON.stringify({ type: 'HS256', key: 'k'.repeat(32) })

/** One value of each variable, and where it must arrive; a few need others beside them. */
const VARIABLES: Readonly<
  Record<string, readonly [text: string, arrives: (config: Config) => unknown, as: unknown]>
> = {
  GERBANG_HOST: ['::1', (config) => config.server.host, '::1'],
  GERBANG_PORT: ['81', (config) => config.server.port, 81],
  GERBANG_ADMIN_HOST: ['::1', (config) => config.admin.host, '::1'],
  GERBANG_ADMIN_PORT: ['82', (config) => config.admin.port, 82],
  GERBANG_REDIS_PORT: ['83', (config) => config.engine.redis_port, 83],
  GERBANG_LIMITS_REDIS_PORT: ['84', (config) => config.engine.limits_redis_port, 84],
  GERBANG_SESSIONS_REDIS_PORT: ['85', (config) => config.engine.sessions_redis_port, 85],
  GERBANG_DATA_DIR: ['/data', (config) => config.engine.data_dir, '/data'],
  GERBANG_PERSISTENCE: ['none', (config) => config.engine.persistence, 'none'],
  GERBANG_REPLICA_OF: ['redis://c', (config) => config.engine.replica_of, 'redis://c'],
  GERBANG_LIMITS_REPLICA_OF: [
    'redis://d',
    (config) => config.engine.limits_replica_of,
    'redis://d',
  ],
  GERBANG_SESSIONS_REPLICA_OF: [
    'redis://e',
    (config) => config.engine.sessions_replica_of,
    'redis://e',
  ],
  GERBANG_REPLICA_WHEN: ['primary-found', (config) => config.engine.replica_when, 'primary-found'],
  GERBANG_EVENTS_SECRET: ['e', (config) => config.events.secret, 'e'],
  GERBANG_REDIS_TLS_CERT: ['/c.pem', (config) => config.engine.redis_tls_cert, '/c.pem'],
  GERBANG_REDIS_TLS_KEY: ['/k.pem', (config) => config.engine.redis_tls_key, '/k.pem'],
  GERBANG_REDIS_PASSWORD: ['p', (config) => config.engine.redis_password, 'p'],
  GERBANG_MAXMEMORY: ['1mb', (config) => config.engine.maxmemory, 1_048_576],
  GERBANG_STORE_URL: ['redis://a', (config) => config.store.url, 'redis://a'],
  GERBANG_PROTECTED_STORE_URL: ['redis://b', (config) => config.store.protected_url, 'redis://b'],
  GERBANG_SESSION_SECRET: [SESSION_SECRET, (config) => config.session.secrets, [SESSION_SECRET]],
  GERBANG_SESSION_SECRETS: [
    `["${SESSION_SECRET}"]`,
    (config) => config.session.secrets,
    [SESSION_SECRET],
  ],
  HASURA_GRAPHQL_ENDPOINT: ['http://h:1/', (config) => config.upstream.url, 'http://h:1'],
  HASURA_GRAPHQL_ADMIN_SECRET: ['s', (config) => config.auth.admin_secrets, ['s']],
  HASURA_GRAPHQL_ADMIN_SECRETS: ['["s","t"]', (config) => config.auth.admin_secrets, ['s', 't']],
  HASURA_GRAPHQL_ACCESS_KEY: ['s', (config) => config.auth.admin_secrets, ['s']],
  HASURA_GRAPHQL_JWT_SECRET: [JWT_SECRET, (config) => config.auth.jwt_secrets.length, 1],
  HASURA_GRAPHQL_JWT_SECRETS: [
    `[${JWT_SECRET},${JWT_SECRET}]`,
    (config) => config.auth.jwt_secrets.length,
    2,
  ],
  HASURA_GRAPHQL_AUTH_HOOK: [
    'http://h:1/auth?a=b',
    (config) => config.auth.hook_url,
    'http://h:1/auth?a=b',
  ],
  HASURA_GRAPHQL_AUTH_HOOK_MODE: ['POST', (config) => config.auth.hook_mode, 'POST'],
  HASURA_GRAPHQL_AUTH_HOOK_SEND_REQUEST_BODY: [
    'false',
    (config) => config.auth.hook_send_request_body,
    false,
  ],
  HASURA_GRAPHQL_UNAUTHORIZED_ROLE: ['r', (config) => config.auth.unauthorized_role, 'r'],
  HASURA_GRAPHQL_PRESERVE_401_ERRORS: ['t', (config) => config.auth.preserve_401_errors, true],
  HASURA_GRAPHQL_ENABLE_PERSISTED_QUERIES: [
    'true',
    (config) => config.persisted_queries.enabled,
    true,
  ],
  HASURA_GRAPHQL_PERSISTED_QUERIES_TTL: ['5', (config) => config.persisted_queries.ttl, 5_000],
  HASURA_GRAPHQL_GRACEFUL_SHUTDOWN_TIMEOUT: [
    '60',
    (config) => config.server.shutdown_grace,
    60_000,
  ],
  HASURA_GRAPHQL_LOG_LEVEL: ['error', (config) => config.log.level, 'error'],
  HASURA_GRAPHQL_REDIS_URL: ['redis://a', (config) => config.store.url, 'redis://a'],
  HASURA_GRAPHQL_REDIS_TIMEOUT: ['3', (config) => config.store.command_timeout, 3_000],
  HASURA_GRAPHQL_CACHE_MAX_ENTRY_TTL: ['60', (config) => config.cache.ttl_max, 60_000],
  HASURA_GRAPHQL_CACHE_MAX_ENTRY_SIZE: ['2', (config) => config.cache.entry_size_max, 2_097_152],
}

/** What some of them are refused without. */
const BESIDE: Readonly<Record<string, string>> = { HASURA_GRAPHQL_ADMIN_SECRET: 'beside' }

const PORTS: Readonly<Record<string, string>> = {
  GERBANG_REDIS_PORT: '83',
  GERBANG_LIMITS_REDIS_PORT: '84',
  GERBANG_SESSIONS_REDIS_PORT: '85',
}

const CERTIFICATE = { GERBANG_REDIS_TLS_CERT: '/cert.pem', GERBANG_REDIS_TLS_KEY: '/key.pem' }

function beside(name: string): Readonly<Record<string, string>> {
  if (name.includes('REPLICA')) return { ...BESIDE, ...PORTS }
  if (name.includes('TLS')) return { ...BESIDE, ...CERTIFICATE }
  if (name.includes('ADMIN_SECRET') || name.includes('ACCESS')) return {}
  return name.includes('PROTECTED') ? { ...BESIDE, GERBANG_STORE_URL: 'redis://a' } : BESIDE
}

describe('environment variables', () => {
  it('are all tried here', () => {
    const names = configSections().flatMap(({ options }) =>
      options.flatMap((option) => option.env.map(({ name }) => name)),
    )
    expect(Object.keys(VARIABLES).sort()).toEqual([...new Set(names)].sort())
  })

  it.each(Object.entries(VARIABLES))('%s sets its option', (name, [text, arrives, as]) => {
    expect(arrives(load({ ...beside(name), [name]: text }))).toEqual(as)
  })

  it('takes every secret out of a file', () => {
    const rows = configSections().flatMap(({ options }) => options)
    const secrets = rows.filter(({ isSecret }) => isSecret).flatMap(({ env }) => env)
    expect(secrets.length).toBeGreaterThan(5)
    for (const { name } of secrets) {
      const [text = '', arrives, as] = VARIABLES[name] ?? []
      const config = load({ ...beside(name), [`${name}_FILE`]: 'secret.txt' }, `${text}\n`)
      expect(arrives?.(config), name).toEqual(as)
    }
  })
})

function load(environment: Readonly<Record<string, string>>, file = ''): Config {
  const readFile = () => file
  return loadConfig({ fileName: undefined, environment, flags: new Map(), readFile })
}
