import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../../src/gateway/errors.ts'
import { hashBytes } from '../../../../src/gateway/graphql/hash-bytes.ts'
import type { PreparedRequest } from '../../../../src/gateway/graphql/operation.ts'
import { createPreparer, type Preparer } from '../../../../src/gateway/graphql/prepare.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import { LIMITS, preparer, refusal } from '../../../support/prepare.ts'

function body(request: unknown): Buffer {
  return Buffer.from(typeof request === 'string' ? request : JSON.stringify(request))
}

function single(prepare: Preparer, request: unknown): PreparedRequest {
  const prepared = prepare.prepare(body(request))
  if (prepared.kind !== 'single') throw new Error('it is a batch')
  return prepared
}

/** As of the second time, from when on it is remembered. */
function remembered(prepare: Preparer, request: unknown): PreparedRequest {
  single(prepare, request)
  return single(prepare, request)
}

function variablesText(text: string): string {
  return single(preparer(), `{"query":"{ a }","variables":${text}}`).variablesText
}

describe('a prepared request', () => {
  it('has its operation and its variables', () => {
    const prepared = single(preparer(), {
      query: 'query A { a } query B { b }',
      operationName: 'B',
      variables: { y: [1.5], x: 'z' },
    })
    expect(prepared.operation).toMatchObject({ kind: 'query', name: 'B' })
    expect(prepared.variablesText).toBe('{"x":"z","y":[1.5]}')
    expect(prepared.variables?.get('y')).toEqual([{ lexeme: '1.5' }])
  })

  it('takes no variables, null and an empty object for the same', () => {
    expect(single(preparer(), { query: '{ a }' }).variablesText).toBe('{}')
    expect(variablesText('null')).toBe('{}')
    expect(variablesText('{}')).toBe('{}')
  })

  it('keeps variables that the operation does not define, since Hasura refuses them', () => {
    expect(variablesText('{"unknown":1}')).toBe('{"unknown":1}')
  })

  it('does not fill in defaults: null, the default and nothing are three', () => {
    const texts = ['{}', '{"x":null}', '{"x":1}'].map(variablesText)
    expect(new Set(texts).size).toBe(3)
  })

  it('keeps numbers as they were written', () => {
    expect(variablesText('{"x":1.0,"y":12345678901234567890,"z":1e400}')).toBe(
      '{"x":1.0,"y":12345678901234567890,"z":1e400}',
    )
  })

  it.each([
    ['not JSON', '{"query":', 'invalid-json'],
    ['no query', '{}', 'parse-failed'],
    ['no GraphQL', { query: 'select 1' }, 'validation-failed'],
    ['an unknown name', { query: 'query A { a }', operationName: 'B' }, 'validation-failed'],
    ['too deep', { query: `{${'a{'.repeat(21)}b${'}'.repeat(22)}` }, 'depth-limit-exceeded'],
    ['too wide', { query: `{${'a{b}'.repeat(101)}}` }, 'node-limit-exceeded'],
    ['deep variables', `{"query":"{a}","variables":${'{"a":'.repeat(20)}1}`, 'invalid-json'],
    [
      'too large a batch',
      Array.from({ length: 6 }, () => ({ query: '{a}' })),
      'batch-limit-exceeded',
    ],
  ])('is refused when it is %s', (_, request, code) => {
    expect(refusal(() => preparer().prepare(body(request))).code).toBe(code)
  })

  it('is refused the second time too', () => {
    const prepare = preparer()
    for (let time = 0; time < 2; time += 1) {
      expect(refusal(() => prepare.prepare(body({ query: '{' }))).code).toBe('validation-failed')
    }
  })
})

describe('a prepared batch', () => {
  it('has each member with its own bytes', () => {
    const prepared = preparer().prepare(body('[{"query":"{ a }"}, {"query": "mutation { é: b }"}]'))
    if (prepared.kind !== 'batch') throw new Error('it is no batch')
    expect(prepared.members.map(({ body: bytes }) => bytes.toString())).toEqual([
      '{"query":"{ a }"}',
      '{"query": "mutation { é: b }"}',
    ])
  })

  it('refuses a member alone whose document is at fault', () => {
    const prepared = preparer().prepare(
      body([{ query: '{ a }' }, { query: '{' }, { query: '{b}' }]),
    )
    if (prepared.kind !== 'batch') throw new Error('it is no batch')
    const [first, second, third] = prepared.members.map(({ request }) => request)
    expect(first).toMatchObject({ kind: 'single', variablesText: '{}' })
    expect(second).toBeInstanceOf(GatewayError)
    expect(second).toMatchObject({ code: 'validation-failed', path: '$.query' })
    expect(third).toMatchObject({ kind: 'single' })
  })

  it('is remembered as a whole', () => {
    const prepare = preparer()
    const bytes = body([{ query: '{ a }' }, { query: '{' }])
    prepare.prepare(bytes)
    expect(prepare.prepare(bytes)).toBe(prepare.prepare(Buffer.from(bytes)))
  })
})

describe('the memo of requests', () => {
  it('gives the same instance for the same bytes, from the second time on', () => {
    const prepare = preparer()
    const once = single(prepare, { query: '{ a }' })
    const twice = single(prepare, { query: '{ a }' })
    expect(twice).not.toBe(once)
    expect(single(prepare, { query: '{ a }' })).toBe(twice)
  })

  it('lets bodies that come once push nothing out', () => {
    const prepare = preparer({}, { memoEntriesMax: 10, memoBodyBytesMax: 1_000 })
    const first = remembered(prepare, { query: '{ a }' })
    for (let x = 1; x <= 100; x += 1) single(prepare, { query: '{ a }', variables: { x } })
    expect(single(prepare, { query: '{ a }' })).toBe(first)
  })

  it('keeps a copy: the caller may write over its bytes', () => {
    const prepare = preparer()
    const bytes = body('{"query":"{ a }"}')
    prepare.prepare(bytes)
    const first = prepare.prepare(bytes)
    bytes.write('{"query":"{ b }"}')
    const second = prepare.prepare(bytes)
    expect(second).not.toBe(first)
    expect(second).toMatchObject({ operation: { rootFields: [{ name: 'b' }] } })
    expect(prepare.prepare(body('{"query":"{ a }"}'))).toBe(first)
  })

  it('tells bodies apart whose hashes are equal', () => {
    const seed = seededRandom(1).uint32()
    const byHash = new Map<number, Buffer>()
    let pair: readonly [Buffer, Buffer] | undefined
    for (let index = 0; pair === undefined; index += 1) {
      const bytes = body(`{"query":"{ a(x: ${index}) }"}`)
      const hash = hashBytes(bytes, seed)
      const other = byHash.get(hash)
      if (other !== undefined) pair = [other, bytes]
      byHash.set(hash, bytes)
    }
    const prepare = createPreparer({
      limits: LIMITS,
      memo: { memoEntriesMax: 100, memoBodyBytesMax: 1_000 },
      random: seededRandom(1),
    })
    for (let time = 0; time < 4; time += 1) {
      for (const bytes of pair) {
        expect(prepare.prepare(bytes)).toEqual(preparer().prepare(bytes))
      }
    }
  })

  it('shares the operation between bodies that differ in their variables', () => {
    const prepare = preparer()
    const one = single(prepare, { query: '{ a }', variables: { x: 1 } })
    const other = single(prepare, { query: '{ a }', variables: { x: 2 } })
    expect(other.operation).toBe(one.operation)
    expect(other.variablesText).not.toBe(one.variablesText)
  })

  it('does not share it between names, nor between a name and a text that looks like one', () => {
    const prepare = preparer()
    const query = 'query A { a } query B { b }'
    const a = single(prepare, { query, operationName: 'A' })
    expect(single(prepare, { query, operationName: 'B' }).operation).not.toBe(a.operation)
    expect(refusal(() => single(prepare, { query })).code).toBe('validation-failed')
    expect(refusal(() => single(prepare, { query: `A:${query}` })).code).toBe('validation-failed')
  })

  it('forgets bodies beyond its number of entries', () => {
    const prepare = preparer({}, { memoEntriesMax: 10, memoBodyBytesMax: 1_000 })
    const first = remembered(prepare, { query: '{ a(x: 0) }' })
    for (let x = 1; x <= 20; x += 1) remembered(prepare, { query: `{ a(x: ${x}) }` })
    const again = single(prepare, { query: '{ a(x: 0) }' })
    expect(again).not.toBe(first)
    expect(again.operation).not.toBe(first.operation)
    expect(again).toEqual(first)
  })

  it('forgets bodies beyond the memory for so many, long before their number', () => {
    const prepare = preparer({}, { memoEntriesMax: 100, memoBodyBytesMax: 32_768 })
    const query = `{ ${'a '.repeat(1_500)} }`
    const first = remembered(prepare, { query })
    for (let x = 1; x <= 20; x += 1) remembered(prepare, { query, variables: { x } })
    expect(single(prepare, { query })).not.toBe(first)
  })

  it('counts what the operations of one document take, each', () => {
    const prepare = preparer({}, { memoEntriesMax: 100, memoBodyBytesMax: 32_768 })
    const operations = Array.from({ length: 50 }, (_, index) => `query A${index} { ...f }`)
    const query = `${operations.join(' ')} fragment f on T { ${'a '.repeat(1_500)} }`
    const request = (index: number) => ({ query, operationName: `A${index}` })
    const first = single(prepare, request(0))
    for (let index = 1; index < 50; index += 1) single(prepare, request(index))
    expect(single(prepare, request(0)).operation).not.toBe(first.operation)
  })

  it('does not remember bodies above its limit, but what they ask', () => {
    const prepare = preparer({}, { memoEntriesMax: 10, memoBodyBytesMax: 100 })
    const large = { query: '{ a }', variables: { x: 'x'.repeat(100) } }
    const first = single(prepare, large)
    expect(single(prepare, large)).not.toBe(first)
    expect(single(prepare, large).operation).toBe(first.operation)
  })

  it('does not keep a large body for the sake of its small query', () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage: unknown = runInNewContext('gc')
    if (typeof collectGarbage !== 'function') throw new Error('no garbage collector')
    const prepare = preparer({}, { memoEntriesMax: 1_000, memoBodyBytesMax: 1_000 })
    const bytesOfBody = 1_000_000
    const bodies = 40
    collectGarbage()
    const before = process.memoryUsage().heapUsed
    for (let index = 0; index < bodies; index += 1) {
      const query = `query Products${index} { products_by_their_number_${index} { description } }`
      single(prepare, { query, variables: { x: 'x'.repeat(bytesOfBody) } })
    }
    collectGarbage()
    const grown = process.memoryUsage().heapUsed - before
    expect(grown).toBeLessThan((bodies * bytesOfBody) / 4)
    expect(prepare).toBeDefined()
  })
})
