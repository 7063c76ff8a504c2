import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keepEntry } from '../../../../src/gateway/cache/keep-entry.ts'
import { systemClock } from '../../../../src/shared/clock.ts'
import type { Store } from '../../../../src/store/index.ts'
import { ask, type Headers } from '../../../support/ask.ts'
import { sessionOf } from '../../../support/decode-claims.ts'
import { countingRows, type Respond, sendJson } from '../../../support/echo-upstream.ts'
import { failingStore } from '../../../support/failing-store.ts'
import { ADMIN_SECRET } from '../../../support/gateway-options.ts'
import { openStore } from '../../../support/open-store.ts'
import { bearer, startWorld, type World } from '../../../support/start-gateway.ts'

/** What each role's permissions in the test metadata look at. */
const FILTERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  user: { orders: 'x-hasura-user-id' },
  manager: { orders: 'x-hasura-org-id', reports: 'x-hasura-org-id' },
}
const QUERY = 'query ($v: jsonb) { products(where: { a: { _eq: $v } }) { id } }'

const user = { authorization: await bearer('1') }

/** Tells what the permissions of the asker's role would have used, and nothing else. */
const byPermissions: Respond = (received, response) => {
  const session = sessionOf(received)
  const role = String(session['x-hasura-role'])
  const [, table = ''] = /(orders|reports|products)/.exec(received.body) ?? []
  sendJson(response, { data: { role, table, sees: session[FILTERS[role]?.[table] ?? ''] ?? null } })
}

async function askWith(world: World, variables: string): Promise<string> {
  const body = Buffer.from(`{"query":${JSON.stringify(QUERY)},"variables":${variables}}`)
  return (await ask(world.url, body, user)).text
}

/** Asks with each of the variables, twice: the upstream must see each once, as it was written. */
async function expectApart(variables: readonly string[]): Promise<void> {
  const world = await startWorld()
  world.upstream.respond = countingRows()
  const first = []
  for (const value of variables) first.push(await askWith(world, value))
  for (const [index, value] of variables.entries()) {
    expect(await askWith(world, value)).toBe(first[index])
  }
  expect(world.upstream.received.map(({ body }) => body)).toEqual(
    variables.map((value) => `{"query":${JSON.stringify(QUERY)},"variables":${value}}`),
  )
}

describe('pitfalls of keys', () => {
  it('1: a key holds every session variable that the answer depends on', async () => {
    const { url, upstream } = await startWorld()
    upstream.respond = byPermissions
    const person = fc.record({
      id: fc.constantFrom('1', '2', '3'),
      role: fc.constantFrom('user', 'manager'),
      org: fc.constantFrom('1', '2', ''),
      table: fc.constantFrom('orders', 'reports', 'products'),
    })
    await fc.assert(
      fc.asyncProperty(person, async ({ id, role, org, table }) => {
        const authorization = await bearer(id, role, { 'x-hasura-org-id': org })
        const { text } = await ask(url, `{ ${table} { id } }`, { authorization })
        const name = FILTERS[role]?.[table]
        const sees = name === undefined ? null : name === 'x-hasura-org-id' ? org : id
        expect(JSON.parse(text)).toEqual({ data: { role, table, sees } })
      }),
      { numRuns: 300 },
    )
  })

  it('2: whom the key is for is whom the upstream is told of', async () => {
    const { url, upstream } = await startWorld()
    upstream.respond = byPermissions
    const authorization = await bearer('1', 'user', {
      'x-hasura-org-id': '7',
      'x-hasura-allowed-roles': ['user', 'manager'],
    })
    const cases: readonly (readonly [headers: Headers, role: string, sees: string])[] = [
      [{ 'X-Hasura-User-Id': '2' }, 'user', '1'],
      [{ 'x-hasura-role': 'manager', 'x-hasura-org-id': '8' }, 'manager', '7'],
      [{}, 'user', '1'],
      [{ 'x-hasura-role': 'manager' }, 'manager', '7'],
      [{ 'x-hasura-role': 'user' }, 'user', '1'],
    ]
    // Those that lie first, each of them twice, and by another order: what one has left in the cache the others come upon.
    for (const [headers, role, sees] of [...cases, ...cases.toReversed()]) {
      const { text } = await ask(url, '{ orders { id } }', { authorization, ...headers })
      expect(JSON.parse(text)).toEqual({ data: { role, table: 'orders', sees } })
    }
    for (const { headers } of upstream.received) {
      expect(headers['x-hasura-user-id']).toBeUndefined()
      expect(headers['x-hasura-org-id']).toBeUndefined()
    }
    expect(upstream.received).toHaveLength(2)
  })

  it('3: an entry is not told to a role that may not be taken', async () => {
    const { url, upstream } = await startWorld({
      cache: { rules: [{ roles: ['admin'], ttlMs: 60_000 }] },
    })
    await ask(url, '{ products { id } }', { 'x-hasura-admin-secret': ADMIN_SECRET })
    const { text } = await ask(url, '{ products { id } }', { ...user, 'x-hasura-role': 'admin' })
    expect(text).toContain('Your requested role is not in allowed roles')
    expect(upstream.received).toHaveLength(1)
  })

  it('8: values that look alike are told apart', async () => {
    await expectApart([
      '{"v":"1b:2"}',
      '{"v":"1","b":"2"}',
      '{"v":1}',
      '{"v":"1"}',
      '{"v":null}',
      '{"v":"null"}',
      '{}',
      '{"v":[]}',
      '{"v":{}}',
      '{"v":[[]]}',
      '{"v":{"a":"1,b:2"}}',
      '{"v":{"a":"1","b":2}}',
    ])
  })

  it('9: numbers that one double stands for are told apart and passed on as they are', async () => {
    await expectApart([
      '{"v":9007199254740992}',
      '{"v":9007199254740993}',
      '{"v":1e400}',
      '{"v":-0}',
      '{"v":0}',
      '{"v":1.0}',
      '{"v":1}',
      '{"v":1e2}',
      '{"v":100}',
    ])
  })

  it.each([
    '{"query":"{ products { id } }","query":"{ orders { id } }"}',
    '{"query":"{ products { id } }","qu\\u0065ry":"{ orders { id } }"}',
    '{"query":"{ products { id } }","variables":{"a":1,"a":2}}',
    '{"query":"{ products { id } }","variables":{"a":{"b":1,"b":2}}}',
  ])('10: a key that stands twice is refused: %s', async (body) => {
    const { url, upstream } = await startWorld()
    const accept = 'application/graphql-response+json'
    const refused = await ask(url, Buffer.from(body), { ...user, accept })
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('invalid-json')])
    expect(upstream.received).toEqual([])
  })

  it('11: what every object inherits is data like any other', async () => {
    await expectApart(['{"__proto__":{"x":1}}', '{"__proto__":{"x":2}}', '{"constructor":1}', '{}'])
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false)
  })

  it('12: texts that look the same are told apart and passed on as they are', async () => {
    await expectApart([
      '{"v":"\u00e9"}',
      '{"v":"e\u0301"}',
      '{"v":"\\ud800"}',
      '{"v":"\\udbff"}',
      '{"v":"\ufffd"}',
      '{"v":"\ufeff"}',
      '{"v":"\u2028"}',
      '{"v":""}',
    ])
  })

  it('13: an entry under another’s key is a miss', async () => {
    const kept: Buffer[] = []
    const inner = failingStore(openStore(systemClock))
    const store: Store = {
      ...inner,
      run: async (procedure, keys, args) => {
        if (procedure.name === keepEntry.name) kept.push(...keys.slice(0, 1))
        return await inner.run(procedure, keys, args)
      },
    }
    const { url, upstream } = await startWorld({}, { store })
    upstream.respond = byPermissions
    const other = { authorization: await bearer('2') }
    await ask(url, '{ orders { id } }', user)
    await ask(url, '{ orders { id } }', other)
    expect(kept).toHaveLength(2)
    const [one = Buffer.alloc(0), two = Buffer.alloc(0)] = kept
    await inner.set(two, (await inner.get(one)) ?? Buffer.alloc(0))
    expect((await ask(url, '{ orders { id } }', other)).text).toContain('"sees":"2"')
    expect(upstream.received).toHaveLength(3)
  })
})
