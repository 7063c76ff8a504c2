import { describe, expect, it } from 'vitest'
import { ask } from '../../support/ask.ts'
import { type EchoUpstream, echoIdentity } from '../../support/echo-upstream.ts'
import { ADMIN_SECRET } from '../../support/gateway-options.ts'
import { bearer, startWorld } from '../../support/start-gateway.ts'

const PRODUCTS = '{ products { id } }'
const ORDERS = '{ orders { id } }'

interface Person {
  readonly id: string
  readonly authorization: string
}

async function people(
  count: number,
  role: string,
  variables: (index: number) => Readonly<Record<string, string>> = () => ({}),
): Promise<readonly Person[]> {
  return await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const id = `${index + 1}`
      return { id, authorization: await bearer(id, role, variables(index)) }
    }),
  )
}

/** Each person asks twice: the calls that reached the upstream. */
async function callsFor(
  { url, upstream }: { readonly url: string; readonly upstream: EchoUpstream },
  asking: readonly Person[],
  query: string,
): Promise<number> {
  for (let round = 0; round < 2; round += 1) {
    const answers = await Promise.all(
      asking.map(({ authorization }) => ask(url, query, { authorization })),
    )
    expect(answers.every(({ status }) => status === 200)).toBe(true)
  }
  return upstream.received.length
}

describe('what the upstream is asked for many', () => {
  it('is asked once for 100 users of one role who may all see the same', async () => {
    const world = await startWorld()
    expect(await callsFor(world, await people(100, 'user'), PRODUCTS)).toBe(1)
  })

  it('is asked 100 times for 100 users who each see their own', async () => {
    const world = await startWorld()
    world.upstream.respond = echoIdentity
    expect(await callsFor(world, await people(100, 'user'), ORDERS)).toBe(100)
  })

  it('is asked once per organisation for the managers of 5', async () => {
    const world = await startWorld()
    const managers = await people(50, 'manager', (index) => ({
      'x-hasura-org-id': `${index % 5}`,
    }))
    expect(await callsFor(world, managers, '{ reports { id } }')).toBe(5)
  })

  it('is asked once per role', async () => {
    const world = await startWorld()
    const asking = [...(await people(3, 'user')), ...(await people(3, 'anonymous'))]
    expect(await callsFor(world, asking, PRODUCTS)).toBe(2)
  })

  it('is asked anew for whoever has no value of a variable, or an empty one', async () => {
    const world = await startWorld()
    const asking = [
      ...(await people(1, 'manager')),
      ...(await people(1, 'manager', () => ({ 'x-hasura-org-id': '' }))),
    ]
    expect(await callsFor(world, asking, '{ reports { id } }')).toBe(2)
  })
})

describe('an answer kept for one', () => {
  it('is told to nobody whom the upstream would answer otherwise', async () => {
    const world = await startWorld()
    world.upstream.respond = echoIdentity
    const asking = await people(20, 'user')
    for (let round = 0; round < 2; round += 1) {
      const answers = await Promise.all(
        asking.map(({ authorization }) => ask(world.url, ORDERS, { authorization })),
      )
      answers.forEach(({ text }, index) => {
        expect(JSON.parse(text).data.headers.authorization).toBe(asking[index]?.authorization)
      })
    }
  })

  it('is not told to a role that may not ask', async () => {
    const { url, upstream } = await startWorld({
      cache: { rules: [{ ttlMs: 1_000, roles: ['admin'] }] },
    })
    await ask(url, PRODUCTS, { 'x-hasura-admin-secret': ADMIN_SECRET })
    const authorization = await bearer('1')
    const refused = await ask(url, PRODUCTS, { authorization, 'x-hasura-role': 'admin' })
    expect(JSON.parse(refused.text)).toEqual({
      errors: [
        {
          message: 'Your requested role is not in allowed roles',
          extensions: { path: '$', code: 'access-denied' },
        },
      ],
    })
    expect(upstream.received).toHaveLength(1)
  })

  it('is told to an admin in a role as to one who has it, with the same variables only', async () => {
    const { url, upstream } = await startWorld()
    upstream.respond = echoIdentity
    await ask(url, ORDERS, { authorization: await bearer('7') })
    const admin = { 'x-hasura-admin-secret': ADMIN_SECRET, 'x-hasura-role': 'user' }
    await ask(url, ORDERS, { ...admin, 'x-hasura-user-id': '7' })
    expect(upstream.received).toHaveLength(1)
    await ask(url, ORDERS, { ...admin, 'x-hasura-user-id': '8' })
    await ask(url, ORDERS, admin)
    expect(upstream.received).toHaveLength(3)
  })

  it('carries no cookie of the one it was fetched for', async () => {
    const { url, upstream } = await startWorld()
    upstream.respond = (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Set-Cookie': 'mine=1' })
      response.end('{"data":{}}')
    }
    const first = await ask(url, PRODUCTS, { authorization: await bearer('1') })
    const second = await ask(url, PRODUCTS, { authorization: await bearer('2') })
    expect([first, second].map(({ headers }) => headers['cache-status'])).toEqual([
      'gerbang; fwd=miss; detail=set-cookie',
      'gerbang; fwd=miss; detail=set-cookie',
    ])
    expect(upstream.received).toHaveLength(2)
  })
})
