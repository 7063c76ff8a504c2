import { describe, expect, it } from 'vitest'
import { type Config, ConfigError, explainFindings, loadConfig } from '../../../src/config/index.ts'

interface Given {
  readonly yaml?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly flags?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
}

describe('loadConfig', () => {
  it('is whole without a file', () => {
    const config = load({})
    expect(config.server).toMatchObject({ host: '0.0.0.0', port: 8000, shutdown_grace: 10_000 })
    expect(config.store.url).toBe('embedded:')
    expect(config.rate_limit.rules).toEqual([])
  })

  it('reads durations and sizes', () => {
    const { cache } = load({ yaml: 'cache: { ttl: 5m, entry_size_max: 64kb }' })
    expect(cache).toMatchObject({ ttl: 300_000, entry_size_max: 65_536, ttl_max: 3_600_000 })
  })

  it('takes a section that is there but empty', () => {
    expect(load({ yaml: 'server:\ncache:\n' }).server.port).toBe(8000)
  })

  it('lets variables win over the file, and flags over both', () => {
    const yaml = 'server: { port: 1, host: a }\nadmin: { port: 2 }'
    const environment = { GERBANG_PORT: '3', GERBANG_ADMIN_PORT: '4' }
    const config = load({ yaml, environment, flags: { port: '5' } })
    expect(config.server).toMatchObject({ port: 5, host: 'a' })
    expect(config.admin.port).toBe(4)
  })

  it('is frozen all the way down', () => {
    const config = load({ yaml: 'cache: { rules: [{ roles: [user], ttl: 1s }] }' })
    expect(Object.isFrozen(config.cache)).toBe(true)
    expect(Object.isFrozen(config.cache.rules[0]?.roles)).toBe(true)
  })

  describe('with the variables of Hasura', () => {
    it('takes them unchanged', () => {
      const config = load({
        environment: {
          HASURA_GRAPHQL_ENDPOINT: 'https://hasura.example/base/',
          HASURA_GRAPHQL_ADMIN_SECRET: 'top,secret',
          HASURA_GRAPHQL_UNAUTHORIZED_ROLE: 'anonymous',
          HASURA_GRAPHQL_PRESERVE_401_ERRORS: 'TRUE',
          HASURA_GRAPHQL_CACHE_MAX_ENTRY_TTL: '300',
          HASURA_GRAPHQL_CACHE_MAX_ENTRY_SIZE: '2',
          HASURA_GRAPHQL_REDIS_URL: 'redis://cache:6379',
          HASURA_GRAPHQL_JWT_SECRET: HS256,
        },
      })
      expect(config.upstream.url).toBe('https://hasura.example/base')
      expect(config.auth.admin_secrets).toEqual(['top,secret'])
      expect(config.auth).toMatchObject({
        unauthorized_role: 'anonymous',
        preserve_401_errors: true,
      })
      expect(config.auth.jwt_secrets).toHaveLength(1)
      expect(config.cache).toMatchObject({ ttl_max: 300_000, entry_size_max: 2_097_152 })
      expect(config.store.url).toBe('redis://cache:6379')
    })

    it('prefers the list of admin secrets to the single one, and that to the old name', () => {
      const environment = {
        HASURA_GRAPHQL_ACCESS_KEY: 'old',
        HASURA_GRAPHQL_ADMIN_SECRET: 'one',
        HASURA_GRAPHQL_ADMIN_SECRETS: '["two","three"]',
      }
      expect(load({ environment }).auth.admin_secrets).toEqual(['two', 'three'])
    })

    it('prefers our store to Hasura’s', () => {
      const environment = {
        GERBANG_STORE_URL: 'embedded:',
        HASURA_GRAPHQL_REDIS_URL: 'redis://cache',
      }
      expect(load({ environment }).store.url).toBe('embedded:')
    })

    it.each([
      [{}, /^HASURA_GRAPHQL_AUTH_HOOK: auth.hook_url: needs an admin secret/],
      [
        { HASURA_GRAPHQL_ADMIN_SECRET: 'a', HASURA_GRAPHQL_JWT_SECRET: HS256 },
        /^HASURA_GRAPHQL_AUTH_HOOK: auth.hook_url: tokens or a webhook/,
      ],
      [
        { HASURA_GRAPHQL_ADMIN_SECRET: 'a', HASURA_GRAPHQL_UNAUTHORIZED_ROLE: 'anonymous' },
        /^HASURA_GRAPHQL_UNAUTHORIZED_ROLE: auth.unauthorized_role: a webhook decides/,
      ],
    ])('refuses a webhook where Hasura does: beside %j', (others, message) => {
      const environment = { HASURA_GRAPHQL_AUTH_HOOK: 'http://hook', ...others }
      expect(mistakes({ environment })).toEqual([expect.stringMatching(message)])
    })

    it.each([
      'hook.example/auth',
      'ftp://hook.example',
      'http://user:word@hook.example',
      'http://hook.example/#auth',
    ])('refuses %s for a webhook', (url) => {
      const environment = { HASURA_GRAPHQL_ADMIN_SECRET: 'a', HASURA_GRAPHQL_AUTH_HOOK: url }
      expect(mistakes({ environment })).toEqual([expect.stringMatching(/auth.hook_url: expected/)])
    })

    it.each([
      ['HASURA_GRAPHQL_CORS_DOMAIN', 'https://a.example', '*'],
      ['HASURA_GRAPHQL_DISABLE_CORS', 'true', 'false'],
      ['HASURA_GRAPHQL_REDIS_USE_TLS', 'yes', ''],
    ])('refuses a restriction that it would ignore: %s=%s', (name, refused, allowed) => {
      expect(mistakes({ environment: { [name]: refused } })).toHaveLength(1)
      expect(mistakes({ environment: { [name]: allowed } })).toEqual([])
    })

    it('refuses what Hasura refuses: tokens or an unauthorized role without an admin secret', () => {
      const environment = {
        HASURA_GRAPHQL_JWT_SECRET: HS256,
        HASURA_GRAPHQL_UNAUTHORIZED_ROLE: 'anonymous',
      }
      expect(mistakes({ environment })).toEqual([
        expect.stringMatching(
          /^HASURA_GRAPHQL_JWT_SECRET: auth.jwt_secrets: needs an admin secret/,
        ),
        expect.stringMatching(/^HASURA_GRAPHQL_UNAUTHORIZED_ROLE: auth.unauthorized_role: needs/),
      ])
    })
  })

  describe('with secrets', () => {
    it('reads one from a file without the newline at its end', () => {
      const environment = { HASURA_GRAPHQL_ADMIN_SECRET_FILE: '/run/secret' }
      const config = load({ environment, files: { '/run/secret': 'hunter2\n' } })
      expect(config.auth.admin_secrets).toEqual(['hunter2'])
    })

    it.each([
      ['absent', { HASURA_GRAPHQL_ADMIN_SECRET_FILE: '/none' }, 'cannot read /none'],
      ['empty', { HASURA_GRAPHQL_ADMIN_SECRET_FILE: '/empty' }, '/empty is empty'],
      [
        'not the only source',
        { HASURA_GRAPHQL_ADMIN_SECRET_FILE: '/empty', HASURA_GRAPHQL_ADMIN_SECRET: 'a' },
        'HASURA_GRAPHQL_ADMIN_SECRET is set as well',
      ],
    ])('refuses a file that is %s', (_title, environment, message) => {
      expect(mistakes({ environment, files: { '/empty': '' } })).toEqual([
        expect.stringContaining(message),
      ])
    })

    it('refuses an empty secret, which would open every door', () => {
      expect(mistakes({ environment: { HASURA_GRAPHQL_ADMIN_SECRET: '' } })).toEqual([
        'HASURA_GRAPHQL_ADMIN_SECRET: auth.admin_secrets: is empty; give it a value, or leave it out altogether',
      ])
    })

    it('refuses one on the command line, where others can read it', () => {
      const flags = { 'store-url': 'redis://:hunter2@cache' }
      expect(mistakes({ flags })).toEqual([
        '--store-url: store.url: others can read a password on the command line; give it by GERBANG_STORE_URL',
      ])
      expect(mistakes({ flags: { 'store-url': 'redis://cache' } })).toEqual([])
    })

    it('never repeats one', () => {
      const environment = {
        GERBANG_STORE_URL: 'redis://:hunter2@cache/none',
        HASURA_GRAPHQL_JWT_SECRET: '{"type":"HS256","key":"hunter2"',
        HASURA_GRAPHQL_ADMIN_SECRETS: '"hunter2"',
      }
      const text = mistakes({ environment }).join('\n')
      expect(text.split('\n')).toHaveLength(3)
      expect(text).not.toContain('hunter2')
    })
  })

  describe('with mistakes', () => {
    it('names all of them: where, which option, what is allowed', () => {
      const yaml = [
        'server:',
        '  port: eighty',
        '  hots: a',
        'cache:',
        '  rules:',
        '    - root_fields: [products]',
        '    - { ttl: 5, tabels: [a] }',
        'rate_limit:',
        '  on_store_failure: maybe',
        'sesion: {}',
      ].join('\n')
      const environment = { GERBANG_ADMIN_PORT: '70000' }
      expect(mistakes({ yaml, environment, flags: { 'log-level': 'loud' } }).toSorted()).toEqual([
        '--log-level: log.level: expected one of debug, info, warn, error, silent, got "loud"',
        'GERBANG_ADMIN_PORT: admin.port: expected an integer from 0 to 65535, got 70000',
        'g.yaml:10:1: sesion: no such option; did you mean "session"?',
        'g.yaml:2:9: server.port: expected an integer from 0 to 65535, got "eighty"',
        'g.yaml:3:3: server.hots: no such option; did you mean "host"?',
        expect.stringMatching(/^g.yaml:6:7: cache.rules\[0\].ttl: is missing; expected a duration/),
        expect.stringMatching(/^g.yaml:7:14: cache.rules\[1\].ttl: expected a duration .*, got 5$/),
        'g.yaml:7:17: cache.rules[1].tabels: no such option; did you mean "tables"?',
        'g.yaml:9:21: rate_limit.on_store_failure: expected one of open, closed, local, got "maybe"',
      ])
    })

    it.each([
      ['a: [', /^g.yaml:1:\d+: /],
      ['server: { port: 1, port: 2 }', /^g.yaml:1:\d+: Map keys must be unique/],
      ['- a', /^g.yaml:1:1: expected a mapping of sections/],
      ['server: 5', /^g.yaml:1:9: server: expected a mapping, got 5/],
    ])('says where "%s" is no configuration', (yaml, message) => {
      expect(mistakes({ yaml })[0]).toMatch(message)
    })

    it('refuses a file that cannot be read', () => {
      expect(() => loadConfig(sources({ fileName: 'none.yaml' }))).toThrow('none.yaml: cannot be')
    })

    it('suggests the variable that was meant', () => {
      expect(mistakes({ environment: { GERBANG_PROT: '1' } })).toEqual([
        'GERBANG_PROT: no such variable; did you mean GERBANG_PORT?',
      ])
    })

    it.each([
      'engine: { persistence: aof+rdb, data_dir: x, save: "" }\nsession: { durability: fsync }',
      `engine: { persistence: rdb, data_dir: /${'x'.repeat(91)}, save: "900 1 60 10000" }`,
      'engine: { sessions_redis_port: 1 }\nsession: { durability: replicated, durability_replicas: 100 }',
      'store: { url: "redis://a" }\nsession: { durability: replicated, durability_timeout: 10ms }',
    ])('takes what fits together: %s', (yaml) => {
      expect(() => load({ yaml })).not.toThrow()
    })

    it('leaves variables alone that a cluster sets for a service of this name', () => {
      expect(() => load({ environment: { GERBANG_SERVICE_HOST: '10.0.0.1' } })).not.toThrow()
    })

    it.each([
      ['admin: { host: 0.0.0.0 }', 'g.yaml:1:16: admin.host: 0.0.0.0 is open to others'],
      [
        'engine: { redis_host: 0.0.0.0, redis_port: 6379 }',
        'g.yaml:1:23: engine.redis_host: 0.0.0.0 is open to others',
      ],
      [
        'engine: { redis_host: 0.0.0.0, sessions_redis_port: 6379 }',
        'g.yaml:1:23: engine.redis_host: 0.0.0.0 is open to others',
      ],
      [
        'engine: { redis_tls_cert: /cert.pem }',
        'g.yaml:1:27: engine.redis_tls_cert: needs redis_tls_key',
      ],
      [
        'engine: { redis_tls_key: /key.pem }',
        'g.yaml:1:26: engine.redis_tls_key: needs redis_tls_cert',
      ],
      [
        'engine: { redis_port: 6379, limits_redis_port: 6379 }',
        'g.yaml:1:48: engine.limits_redis_port: 6379 is engine.redis_port already',
      ],
      ['admin: { host: "::" }', 'g.yaml:1:16: admin.host: :: is open to others'],
      ['admin: { host: example.org }', 'g.yaml:1:16: admin.host: example.org is open to others'],
      [
        'limits: { depth_max: 5, rules: [{ nodes_max: 1, depth_max: 6 }] }',
        'g.yaml:1:60: limits.rules[0].depth_max: 6 is above limits.depth_max, which is for everybody: 5',
      ],
      ['admin: { port: 8000 }', 'g.yaml:1:16: admin.port: 8000 is server.port already'],
      [
        'engine: { redis_port: 1 }\nstore: { url: "redis://a" }',
        'g.yaml:1:23: engine.redis_port: there is no embedded engine',
      ],
      [
        'engine: { sessions_redis_port: 1 }\nstore: { url: "redis://a" }',
        'g.yaml:1:32: engine.sessions_redis_port: there is no embedded engine',
      ],
      ['engine: { replica_of: "redis://a" }', 'g.yaml:1:23: engine.replica_of: needs redis_port'],
      [
        'engine: { limits_replica_of: "redis://a/1", limits_redis_port: 1 }',
        'g.yaml:1:30: engine.limits_replica_of: has no database',
      ],
      [
        'engine: { sessions_replica_of: "redis://a" }\nstore: { url: "redis://a" }',
        'g.yaml:1:32: engine.sessions_replica_of: there is no embedded engine',
      ],
      ['engine: { replica_lease: 99ms }', 'engine.replica_lease: expected'],
      [
        'engine: { persistence: rdb }',
        'g.yaml:1:24: engine.persistence: "rdb" needs engine.data_dir',
      ],
      [
        'engine: { persistence: rdb, data_dir: x }\nstore: { url: "redis://a" }',
        'g.yaml:1:24: engine.persistence: is of the embedded engine',
      ],
      [
        `engine: { persistence: rdb, data_dir: /${'x'.repeat(92)} }`,
        'g.yaml:1:39: engine.data_dir: the whole path is longer than 92 bytes',
      ],
      ['engine: { save: "60" }', 'engine.save: expected pairs of seconds and changes'],
      ['engine: { save: "0 1" }', 'engine.save: expected pairs of seconds and changes'],
      [
        'session: { durability: fsync }\nstore: { url: "redis://a" }',
        'g.yaml:1:24: session.durability: "fsync" is of the embedded engine',
      ],
      [
        'session: { durability: fsync }\nengine: { persistence: rdb, data_dir: x }',
        'g.yaml:1:24: session.durability: "fsync" needs engine.persistence aof+rdb',
      ],
      [
        'session: { durability: replicated }',
        'g.yaml:1:24: session.durability: "replicated" needs engine.sessions_redis_port',
      ],
      ['session: { durability_replicas: 0 }', 'expected an integer from 1 to 100, got 0'],
      ['session: { durability_replicas: 101 }', 'expected an integer from 1 to 100, got 101'],
      ['session: { durability_timeout: 9ms }', 'session.durability_timeout: expected a duration'],
      ['session: { durability_timeout: 61s }', 'session.durability_timeout: expected a duration'],
      [
        'store: { protected_url: "redis://a" }',
        'g.yaml:1:25: store.protected_url: is for a remote store',
      ],
      [
        'store: { url: "redis://a", protected_url: "embedded:" }',
        'store.protected_url: expected redis[s]://',
      ],
      [
        'session: { secrets: [a secret of thirty-one bytes ..] }',
        'expected a list of texts of at least 32 characters',
      ],
      [
        'rate_limit: { rules: [&r { name: a, per: ip, limit: 1, window: 1s }, *r] }',
        'g.yaml:1:70: rate_limit.rules[1].name: "a" is the name of rule 0 already',
      ],
      ['rate_limit: { reject_status: 503 }', 'expected 200 or 429, got 503'],
      [
        'rate_limit: { rules: [{ name: a, per: [ip, you], limit: 1, window: 1m }] }',
        'rate_limit.rules[0].per: expected user, role, ip',
      ],
    ])('refuses %s', (yaml, message) => {
      expect(mistakes({ yaml })).toEqual([expect.stringContaining(message)])
    })

    it.each([
      ['limit: 1', 'window: is missing: window has a limit within a window'],
      ['limit: 1001, window: 1m, exact: true', 'limit: an exact limit is at most 1000'],
      ['limit: 1, window: 1m, exact: true, algorithm: gcra', 'exact: is of window, not of gcra'],
      ['limit: 1001, algorithm: concurrency', 'limit: at most 1000 at once'],
      ['limit: 1, window: 1m, burst: 2', 'burst: is of gcra, not of window'],
      [
        'limit: 1000001, window: 1s, algorithm: gcra',
        'limit: gcra has at most one unit in a microsecond',
      ],
      ['limit: 1, window: 1m, slots: 31', 'slots: expected an integer from 32 to 256, got 31'],
      ['limit: 1, window: 1m, slots: 257', 'slots: expected an integer from 32 to 256, got 257'],
      ['limit: 1, window: 1m, hit_weight: 101', 'hit_weight: expected an integer from 0 to 100'],
    ])('refuses a limit with %s', (fields, message) => {
      const yaml = `rate_limit: { rules: [{ name: a, per: ip, ${fields} }] }`
      const told = expect.stringContaining(`rate_limit.rules[0].${message}`)
      expect(mistakes({ yaml })).toEqual([told])
    })

    it.each([
      'limit: 1000, window: 1m, exact: true',
      'limit: 1000, algorithm: concurrency',
      'limit: 1000000, window: 1s, algorithm: gcra, burst: 2',
      'limit: 1, window: 1m, slots: 32, hit_weight: 0',
      'limit: 1, window: 1m, slots: 256, hit_weight: 100',
    ])('takes a limit with %s', (fields) => {
      const yaml = `rate_limit: { rules: [{ name: a, per: ip, ${fields} }] }`
      expect(load({ yaml }).rate_limit.rules).toHaveLength(1)
    })
  })
})

describe('an admin listener', () => {
  it.each(['127.0.0.1', '127.8.0.1', '::1', 'localhost'])('needs no secret on %s', (host) => {
    expect(() => load({ yaml: `admin: { host: "${host}" }` })).not.toThrow()
  })

  it('may be open to others with a secret', () => {
    const environment = { HASURA_GRAPHQL_ADMIN_SECRET: 'x' }
    expect(load({ yaml: 'admin: { host: 0.0.0.0 }', environment }).admin.host).toBe('0.0.0.0')
  })
})

describe('limits', () => {
  it('are as wide for a role as for everybody, and no wider', () => {
    const yaml =
      'limits: { depth_max: 6, rules: [{ roles: [a], depth_max: 6, time_max: 2s, introspection: false }] }'
    expect(load({ yaml }).limits.rules).toEqual([
      { roles: ['a'], depth_max: 6, time_max: 2_000, introspection: false },
    ])
  })

  it.each([
    [
      'rules: [{ depth_max: -1 }]',
      'limits.rules[0].depth_max: expected an integer from 0 to 500, got -1',
    ],
    ['rules: [{ time_max: 5ms }]', 'limits.rules[0].time_max: expected a duration'],
    ['rules: [{ depth: 5 }]', 'limits.rules[0].depth: no such option'],
    [
      'url_length_max: 16385',
      'limits.url_length_max: expected an integer from 256 to 16384, got 16385',
    ],
    ['variables_size_max: 1', 'limits.variables_size_max: expected a size'],
    ['event_loop_delay_max: 2m', 'limits.event_loop_delay_max: expected a duration'],
  ])('refuse %s', (option, message) => {
    expect(mistakes({ yaml: `limits: { ${option} }` })).toEqual([expect.stringContaining(message)])
  })
})

describe('explainFindings', () => {
  const given = {
    yaml: 'cache:\n  rules:\n    - { roles: [usr], ttl: 1m }\n',
    environment: { HASURA_GRAPHQL_ENDPOINT: 'http://h' },
  }
  it.each([
    [['cache', 'rules', 0, 'roles', 0], 'g.yaml:3:17', 'cache.rules[0].roles[0]'],
    [['upstream', 'url'], 'HASURA_GRAPHQL_ENDPOINT', 'upstream.url'],
    [['store', 'url'], undefined, 'store.url'],
  ])('says where %j was set', (path, where, key) => {
    const message = 'is wrong'
    expect(explainFindings(sources(given), [{ path, message }])).toEqual([{ where, key, message }])
  })
})

const HS256 = JSON.stringify({ type: 'HS256', key: 'a'.repeat(32) })

function sources(given: Given & { readonly fileName?: string }) {
  return {
    fileName: given.fileName ?? (given.yaml === undefined ? undefined : 'g.yaml'),
    environment: given.environment ?? {},
    flags: new Map(Object.entries(given.flags ?? {})),
    readFile: (path: string): string => {
      const text = { 'g.yaml': given.yaml, ...given.files }[path]
      if (text === undefined) throw new Error(`ENOENT: ${path}`)
      return text
    },
  }
}

function load(given: Given): Config {
  return loadConfig(sources(given))
}

function mistakes(given: Given): readonly string[] {
  try {
    load(given)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.split('\n  ').slice(1)
  }
}
