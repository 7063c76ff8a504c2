import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type EmbeddedClient, Engine } from '../../../src/engine/index.ts'
import { seededRandom } from '../../../src/shared/random.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const OOM = "OOM command not allowed when used memory > 'maxmemory'."

type Argv = readonly (string | number)[]

const key = fc.integer({ min: 0, max: 300 }).map((index) => `key:${index}`)
const value = fc
  .oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 400 }) },
    { weight: 1, arbitrary: fc.integer({ min: 2_000, max: 9_000 }) },
  )
  .map((bytes) => 'v'.repeat(bytes))
const ttlMs = fc.integer({ min: 1, max: 100_000 })

const write: fc.Arbitrary<Argv> = fc.oneof(
  fc.tuple(key, value).map(([name, text]) => ['SET', name, text]),
  fc.tuple(key, value, ttlMs).map(([name, text, ttl]) => ['SET', name, text, 'PX', ttl]),
  fc.tuple(key, value).map(([name, text]) => ['APPEND', name, text]),
  fc.tuple(key, value, key, value).map((pairs) => ['MSET', ...pairs]),
  fc.tuple(key, fc.nat(3_000)).map(([name, offset]) => ['SETRANGE', name, offset, 'xyz']),
  key.map((name) => ['INCR', `n${name}`]),
)
const other: fc.Arbitrary<Argv> = fc.oneof(
  key.map((name) => ['GET', name]),
  fc.tuple(key, key).map((names) => ['DEL', ...names]),
  fc.tuple(key, ttlMs).map(([name, ttl]) => ['PEXPIRE', name, ttl]),
  fc.tuple(key, key).map(([from, to]) => ['RENAME', from, to]),
  fc.nat(3).map((index) => ['SELECT', index]),
)
const steps = fc.array(
  fc.oneof({ weight: 8, arbitrary: write }, { weight: 2, arbitrary: other }, fc.nat(50_000)),
  { minLength: 50, maxLength: 400 },
)
const limit = fc.integer({ min: 8_000, max: 60_000 })

interface Started {
  readonly client: EmbeddedClient
  readonly clock: FakeClock
  readonly field: (name: string) => number
}

function start(maxmemory: number, policy: string, seed: number): Started {
  const clock = new FakeClock()
  const directives = {
    maxmemory: String(maxmemory),
    'maxmemory-policy': policy,
    databases: '4',
  }
  const engine = new Engine({ clock, random: seededRandom(seed), directives })
  const field = (name: string) =>
    Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(engine.info('memory', 'stats'))?.[1] ?? 0)
  return { client: engine.client(), clock, field }
}

function errorOf(reply: unknown): string | undefined {
  return reply instanceof Error ? reply.message : undefined
}

describe('maxmemory', () => {
  it.each(['allkeys-lru', 'allkeys-lfu', 'allkeys-random'])(
    'is kept after every command under %s, and none is refused',
    (policy) => {
      fc.assert(
        fc.property(steps, limit, fc.integer(), (commands, maxmemory, seed) => {
          const { client, clock, field } = start(maxmemory, policy, seed)
          for (const step of commands) {
            if (typeof step === 'number') {
              clock.advance(step)
              continue
            }
            expect(errorOf(client.call(...step))).not.toBe(OOM)
            expect(field('used_memory')).toBeLessThanOrEqual(maxmemory)
          }
        }),
        { numRuns: 25 },
      )
    },
  )

  it.each(['volatile-lru', 'volatile-lfu', 'volatile-random', 'volatile-ttl'])(
    'is kept under %s while there is a volatile key',
    (policy) => {
      fc.assert(
        fc.property(steps, limit, fc.integer(), (commands, maxmemory, seed) => {
          const { client, clock, field } = start(maxmemory, policy, seed)
          for (const step of commands) {
            if (typeof step === 'number') {
              clock.advance(step)
              continue
            }
            const usedBefore = field('used_memory')
            const reply = client.call(...step)
            const used = field('used_memory')
            if (errorOf(reply) === OOM) {
              expect(usedBefore).toBeGreaterThan(maxmemory)
              expect(used).toBeLessThanOrEqual(usedBefore)
            }
            if (used > maxmemory) expect(volatileKeys(client)).toBe(0)
          }
        }),
        { numRuns: 25 },
      )
    },
  )

  it('refuses every command that takes memory under noeviction once it is reached, and only those', () => {
    fc.assert(
      fc.property(steps, limit, fc.integer(), (commands, maxmemory, seed) => {
        const { client, clock, field } = start(maxmemory, 'noeviction', seed)
        for (const step of commands) {
          if (typeof step === 'number') {
            clock.advance(step)
            continue
          }
          const usedBefore = field('used_memory')
          const reply = client.call(...step)
          const takesMemory = !['GET', 'DEL', 'PEXPIRE', 'RENAME', 'SELECT'].includes(
            String(step[0]),
          )
          expect(errorOf(reply) === OOM).toBe(takesMemory && usedBefore > maxmemory)
          if (errorOf(reply) === OOM) expect(field('used_memory')).toBe(usedBefore)
        }
        expect(field('evicted_keys')).toBe(0)
      }),
      { numRuns: 25 },
    )
  })

  it('is compared with what keys take, to the byte', () => {
    fc.assert(
      fc.property(steps, fc.integer(), (commands, seed) => {
        const { client, field } = start(0, 'noeviction', seed)
        for (const step of commands) if (typeof step !== 'number') client.call(...step)
        let bytes = 0
        for (let index = 0; index < 4; index += 1) {
          client.call('SELECT', index)
          for (const name of asKeys(client.call('KEYS', '*'))) {
            // Of what a key takes, its bucket and its place among those that expire are in tables.
            const expiryBytes = client.call('PTTL', name) === -1 ? 0 : 12
            bytes += Number(client.call('MEMORY', 'USAGE', name)) - 4 - expiryBytes
          }
        }
        expect(field('allocator_allocated')).toBe(bytes)
        expect(field('used_memory')).toBe(bytes + field('used_memory_overhead'))
      }),
      { numRuns: 60 },
    )
  })
})

function volatileKeys(client: EmbeddedClient): number {
  const text = String(client.call('INFO', 'keyspace'))
  return [...text.matchAll(/expires=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0)
}

function asKeys(reply: unknown): readonly Buffer[] {
  return Array.isArray(reply) ? reply.filter((item) => Buffer.isBuffer(item)) : []
}
