import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Engine } from '../../../src/engine/index.ts'
import { silentLogger } from '../../../src/shared/logger.ts'
import { seededRandom } from '../../../src/shared/random.ts'
import { FakeClock } from '../../support/fake-clock.ts'

type Client = ReturnType<Engine['client']>
type Model = Map<string, number>

const member = fc.constantFrom(
  'a',
  'b',
  'c',
  'aa',
  '10',
  '-7',
  'x'.repeat(20),
  '',
  'ä',
  '007',
  'zz',
)
const score = fc.oneof(fc.integer({ min: -4, max: 4 }), fc.constantFrom(0.5, 1e300, -1.25))
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('add' as const), member, score }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('increment' as const), member, score }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), member }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('pop' as const), isMax: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('cut' as const), first: fc.nat(9), last: fc.nat(9) }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function createClient(entriesMax: number): Client {
  return new Engine({
    clock: new FakeClock(),
    random: seededRandom(1),
    log: silentLogger,
    directives: {
      'zset-max-listpack-entries': String(entriesMax),
      'zset-max-listpack-value': '16',
    },
  }).client()
}

function inOrder(model: Model): (readonly [string, number])[] {
  return [...model].sort(
    ([left, leftScore], [right, rightScore]) =>
      leftScore - rightScore || Buffer.compare(Buffer.from(left), Buffer.from(right)),
  )
}

function take(client: Client, model: Model, taken: Step): void {
  const sorted = inOrder(model)
  switch (taken.kind) {
    case 'add':
      client.call('ZADD', 'z', String(taken.score), taken.member)
      model.set(taken.member, taken.score)
      break
    case 'increment':
      client.call('ZINCRBY', 'z', String(taken.score), taken.member)
      model.set(taken.member, (model.get(taken.member) ?? 0) + taken.score)
      break
    case 'remove':
      expect(client.call('ZREM', 'z', taken.member)).toBe(model.delete(taken.member) ? 1 : 0)
      break
    case 'pop': {
      client.call(taken.isMax ? 'ZPOPMAX' : 'ZPOPMIN', 'z')
      model.delete(sorted.at(taken.isMax ? -1 : 0)?.[0] ?? 'none')
      break
    }
    case 'cut': {
      const cut = sorted.slice(taken.first, taken.last + 1)
      const count = client.call('ZREMRANGEBYRANK', 'z', String(taken.first), String(taken.last))
      expect(count).toBe(cut.length)
      for (const [name] of cut) model.delete(name)
    }
  }
}

function check(client: Client, model: Model): void {
  const sorted = inOrder(model)
  const names = sorted.map(([name]) => Buffer.from(name))
  expect(client.call('ZRANGE', 'z', '0', '-1')).toEqual(names)
  expect(client.call('ZRANGE', 'z', '0', '-1', 'REV')).toEqual([...names].reverse())
  expect(client.call('ZCARD', 'z')).toBe(sorted.length)
  for (const [rank, [name, value]] of sorted.entries()) {
    expect(client.call('ZSCORE', 'z', name)).toBe(value)
    expect(client.call('ZRANK', 'z', name)).toBe(rank)
    const below = sorted.filter(([, other]) => other < value).length
    expect(client.call('ZCOUNT', 'z', '-inf', `(${value}`)).toBe(below)
  }
}

describe('a sorted set beside a Map', () => {
  it.each([
    ['packed', 128],
    ['as a tree', 0],
    ['that grows from one to the other', 4],
  ])('%s', (_encoding, entriesMax) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const client = createClient(entriesMax)
        const model: Model = new Map()
        for (const taken of steps) take(client, model, taken)
        check(client, model)
      }),
      { numRuns: 40, endOnFailure: true },
    )
  })
})
