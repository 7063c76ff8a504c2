import { describe, expect, it } from 'vitest'
import { send } from '../../../support/ask.ts'
import { startWorld, type World } from '../../../support/start-gateway.ts'
import { userToken } from '../../../support/user-token.ts'
import { WsClient } from '../../../support/ws-client.ts'
import { WsUpstream } from '../../../support/ws-upstream.ts'

const WHO = { via: 'admin', secret: 1, address: '127.0.0.1' } as const
const body = JSON.stringify({ query: '{ products { id } }' })

/** A gateway that tells Hasura the session of a token, which was revoked. */
async function start(): Promise<World & { readonly authorization: string }> {
  const world = await startWorld({ auth: { upstreamIdentity: 'session' } })
  const authorization = `Bearer ${userToken('7')}`
  await world.gateway.revoke({ what: { user: '7' } }, WHO)
  return { ...world, authorization }
}

describe('where Hasura is told the session of a token, one that was revoked', () => {
  it.each([
    '/v1/graphql',
    '/v1alpha1/graphql',
    '/v1beta1/relay',
    '/api/rest/products',
    '/v1/metadata',
    '/v2/query',
  ])('reaches nothing at %s', async (path) => {
    const { url, upstream, authorization } = await start()
    const { text } = await send(url, path, { method: 'POST', headers: { authorization }, body })
    expect(text).toContain('token-revoked')
    expect(upstream.received).toEqual([])
  })

  it('reaches nothing over a WebSocket', async () => {
    const { url, upstream, authorization } = await start()
    const sockets = new WsUpstream(upstream)
    const client = await WsClient.open(url)
    client.send({ type: 'connection_init', payload: { headers: { authorization } } })
    expect(await client.closed()).toMatchObject({ code: 4403 })
    expect((await sockets.opened()).received).toEqual([])
  })
})
