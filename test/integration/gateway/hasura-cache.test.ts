import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ask, send, textOf } from '../../support/ask.ts'
import { countingRows, EchoUpstream } from '../../support/echo-upstream.ts'
import { ADMIN_SECRET, gatewayOptions } from '../../support/gateway-options.ts'
import { bearer, type RunningGateway, startGateway } from '../../support/start-gateway.ts'

const SECRET = { 'x-hasura-admin-secret': ADMIN_SECRET }
const upstream = new EchoUpstream()
let running: RunningGateway

beforeAll(async () => {
  upstream.respond = countingRows()
  await upstream.start()
})
afterAll(() => upstream.stop())
beforeEach(async () => {
  running = await startGateway(gatewayOptions(upstream.url))
  return () => running.stop()
})

async function read(user: string) {
  const authorization = await bearer(user)
  const { headers, text } = await ask(running.url, '{ orders { id } }', { authorization })
  return {
    text,
    key: textOf(headers['x-hasura-query-cache-key']),
    family: textOf(headers['x-hasura-query-family-cache-key']),
  }
}

async function clear(query = '', headers: Record<string, string> = SECRET) {
  const answer = await send(running.url, `/pro/cache/clear${query}`, { method: 'POST', headers })
  return { status: answer.status, body: JSON.parse(answer.text) }
}

const cleared = (clearedItemCount: number) => ({
  status: 200,
  body: { message: 'success', clearedItemCount },
})

describe('POST /pro/cache/clear', () => {
  it('clears everything, and says how many', async () => {
    const before = [await read('1'), await read('2')]
    expect(await clear()).toEqual(cleared(2))
    expect(await clear()).toEqual(cleared(0))
    expect((await read('1')).text).not.toBe(before[0]?.text)
  })

  it('clears one key', async () => {
    const [one, other] = [await read('1'), await read('2')]
    expect(await clear(`?key=${one.key}`)).toEqual(cleared(1))
    expect(await clear(`?key=${one.key}`)).toEqual(cleared(0))
    expect((await read('1')).text).not.toBe(one.text)
    expect((await read('2')).text).toBe(other.text)
  })

  it('clears a family: all sessions and variables of a query', async () => {
    const [one, other] = [await read('1'), await read('2')]
    expect(one.family).toBe(other.family)
    expect(await clear(`?family=${one.family}`)).toEqual(cleared(2))
    expect((await read('1')).text).not.toBe(one.text)
    expect((await read('2')).text).not.toBe(other.text)
  })

  it('is written down', async () => {
    await clear()
    expect(running.gateway.audit()).toMatchObject([
      { who: { via: 'hasura-api', secret: 1, address: '127.0.0.1' }, what: { everything: true } },
    ])
  })

  it.each([
    ['?key=nothing', 400, 'unexpected-payload'],
    [`?key=${'0'.repeat(40)}&family=${'0'.repeat(40)}`, 400, 'unexpected-payload'],
    [`?key=${'0'.repeat(40)}&key=${'1'.repeat(40)}`, 400, 'unexpected-payload'],
  ])('refuses %s', async (query, status, code) => {
    expect(await clear(query)).toMatchObject({ status, body: { code } })
  })

  it.each([
    [{ 'x-hasura-admin-secret': 'wrong' }, 'invalid'],
    [{}, 'required'],
  ])('denies %j', async (headers, message) => {
    const before = await read('1')
    const { status, body } = await clear('', headers)
    expect({ status, body }).toMatchObject({ status: 401, body: { code: 'access-denied' } })
    expect(body.error).toContain(message)
    expect((await read('1')).text).toBe(before.text)
  })
})

describe('GET /pro/cache/metrics', () => {
  it('tells hits and misses by family, null where there were none', async () => {
    const { family } = await read('1')
    const metrics = async () =>
      JSON.parse((await send(running.url, '/pro/cache/metrics', { headers: SECRET })).text)
    expect(await metrics()).toEqual({ [family]: { misses: 1, hits: null } })
    await read('1')
    await read('2')
    expect(await metrics()).toEqual({ [family]: { misses: 2, hits: 1 } })
  })

  it('wants the admin secret', async () => {
    expect((await send(running.url, '/pro/cache/metrics')).status).toBe(401)
  })
})
