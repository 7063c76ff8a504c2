import { expect, onTestFinished } from 'vitest'
import { createAdmin } from '../../src/admin/index.ts'
import type { RefusedRequest, RequestExplanation } from '../../src/gateway/index.ts'
import { silentLogger } from '../../src/shared/logger.ts'
import type { Store } from '../../src/store/index.ts'
import { type Asked, ask, send } from './ask.ts'
import { FakeClock } from './fake-clock.ts'
import { ADMIN_SECRET } from './gateway-options.ts'
import { openStore } from './open-store.ts'
import { type OptionChanges, startWorld, type World } from './start-gateway.ts'

const SECRET = { 'x-hasura-admin-secret': ADMIN_SECRET }

/** A gateway with its admin listener, in a time of its own. */
export interface ExplainedWorld extends World {
  readonly clock: FakeClock
  readonly adminUrl: string
  /** POST /explain as it is. */
  readonly post: (
    body: string | Buffer,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Asked>
  readonly explain: (order: object) => Promise<RequestExplanation>
  readonly explainBatch: (
    order: object,
  ) => Promise<readonly (RequestExplanation | RefusedRequest)[]>
  /** As a change of metadata through the gateway has it read anew. */
  readonly reloadMetadata: () => Promise<void>
  /** As admin in the role of a user. */
  readonly askAs: (userId: string, query: string) => Promise<Asked>
}

export async function startExplainedWorld(
  changes: OptionChanges = {},
  given: { readonly store?: (clock: FakeClock) => Store } = {},
): Promise<ExplainedWorld> {
  const clock = new FakeClock()
  const store = (given.store ?? openStore)(clock)
  const world = await startWorld(changes, { clock, store, log: silentLogger })
  const admin = createAdmin(
    { host: '127.0.0.1', port: 0, secrets: [ADMIN_SECRET] },
    { gateway: world.gateway, store, clock, log: silentLogger },
  )
  await admin.start()
  onTestFinished(async () => await admin.stop())
  const adminUrl = `http://127.0.0.1:${admin.address.port}`
  const post: ExplainedWorld['post'] = async (body, headers = SECRET) =>
    await send(adminUrl, '/explain', { method: 'POST', headers, body })
  return {
    ...world,
    clock,
    adminUrl,
    post,
    explain: async (order) => {
      const { status, text } = await post(JSON.stringify(order))
      expect(text).not.toContain('"error"')
      expect(status).toBe(200)
      return JSON.parse(text)
    },
    explainBatch: async (order) => {
      const { status, text } = await post(JSON.stringify(order))
      expect(status).toBe(200)
      return JSON.parse(text).batch
    },
    reloadMetadata: async () => {
      const headers = { 'content-type': 'application/json' }
      const body = '{"type":"reload_metadata"}'
      await send(world.url, '/v1/metadata', { method: 'POST', headers, body })
    },
    askAs: async (userId, query) => {
      const who = { ...SECRET, 'x-hasura-role': 'user', 'x-hasura-user-id': userId }
      return await ask(world.url, query, who)
    },
  }
}
