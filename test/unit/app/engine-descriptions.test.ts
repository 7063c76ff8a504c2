import { describe, expect, it } from 'vitest'
import { describeEngines } from '../../../src/app/engine-descriptions.ts'
import { loadConfig } from '../../../src/config/index.ts'

describe('describeEngines', () => {
  it('gives each class its memory, and evicts from the cache only', () => {
    const engines = described('engine: { maxmemory: 1mb, limits_maxmemory: 8mb }')
    expect(engines.cache.directives).toMatchObject({
      maxmemory: '1048576',
      'maxmemory-policy': 'volatile-lru',
    })
    expect(engines.limits.directives).toMatchObject({
      maxmemory: '8388608',
      'maxmemory-policy': 'noeviction',
    })
    expect(engines.sessions.directives).toMatchObject({ 'maxmemory-policy': 'noeviction' })
  })

  it('serves those that have a port, with one password', () => {
    const engines = described('engine: { sessions_redis_port: 7, redis_password: p }')
    expect(engines.cache.listener).toBeUndefined()
    expect(engines.sessions.listener).toEqual({
      host: '127.0.0.1',
      port: 7,
      option: 'engine.sessions_redis_port',
      isEncrypted: false,
    })
    expect(engines.cache.directives).toMatchObject({ requirepass: 'p' })
    expect(engines.sessions.directives).toMatchObject({ requirepass: 'p' })
  })

  it('serves over TLS what has a certificate, and follows others in the same way', () => {
    const { cache } = described(
      'engine: { redis_port: 7, redis_tls_cert: /cert.pem, redis_tls_key: /key.pem }',
    )
    expect(cache.listener).toMatchObject({ isEncrypted: true })
    expect(cache.directives).toMatchObject({
      'tls-cert-file': '/cert.pem',
      'tls-key-file': '/key.pem',
      'tls-auth-clients': 'no',
    })
    expect(cache.replica?.access.tls).toBe(true)
  })

  it('keeps nothing on disk unless told to', () => {
    const { cache, limits, sessions } = described('engine: { data_dir: /data/kept }')
    expect([cache.keeping, limits.keeping, sessions.keeping]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it.each([
    ['everysec', 'memory', ['everysec', 'everysec', 'everysec']],
    ['no', 'memory', ['no', 'no', 'no']],
    ['no', 'fsync', ['no', 'no', 'always']],
    ['always', 'memory', ['always', 'everysec', 'always']],
  ])('flushes with appendfsync %s and durability %s as %j', (appendfsync, durability, policies) => {
    const { cache, limits, sessions } = described(
      `engine: { persistence: aof+rdb, data_dir: /data/kept, appendfsync: ${appendfsync} }`,
      `session: { durability: ${durability} }`,
    )
    expect(
      [cache.keeping, limits.keeping, sessions.keeping].map((keeping) => keeping?.appendfsync),
    ).toEqual(policies)
  })

  it('forgets entries after a crash, and warns of sessions', () => {
    const engines = described('engine: { persistence: rdb, data_dir: /data/kept }')
    const { cache, limits, sessions } = engines
    expect(
      [cache.keeping, limits.keeping, sessions.keeping].map((keeping) => keeping?.whenInDoubt),
    ).toEqual(['forget', 'keep', 'warn'])
  })
})

function described(...yaml: readonly string[]) {
  return describeEngines(
    loadConfig({
      fileName: 'g.yaml',
      environment: {},
      flags: new Map(),
      readFile: () => yaml.join('\n'),
    }),
  )
}
