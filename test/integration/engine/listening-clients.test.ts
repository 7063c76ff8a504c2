import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../src/engine/index.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { silentLogger } from '../../../src/shared/logger.ts'
import { systemRandom } from '../../../src/shared/random.ts'
import { encode } from '../../support/raw-resp-client.ts'
import { waitUntil } from '../../support/wait-until.ts'

const MESSAGE = 'x'.repeat(100_000)

describe('clients that listen or wait', () => {
  let engine: Engine
  let socket: Socket

  beforeEach(async () => {
    engine = new Engine({
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
      directives: { 'client-output-buffer-limit': 'pubsub 1mb 0 0' },
    })
    await engine.start()
    const { port } = await engine.listen({ host: '127.0.0.1', port: 0 })
    socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => undefined)
    await once(socket, 'connect')
  })

  afterEach(async () => {
    socket.destroy()
    await engine.stop()
  })

  async function subscribe(): Promise<void> {
    socket.write(encode(['SUBSCRIBE', 'x']))
    await once(socket, 'data')
    socket.pause()
  }

  it('hangs up on a subscriber that leaves more unread than its class may', async () => {
    await subscribe()
    const publisher = engine.client()
    await waitUntil(() => publisher.call('PUBLISH', 'x', MESSAGE) === 0)
    expect(engine.info('stats')).toContain('client_output_buffer_limit_disconnections:1')
    expect(engine.info('stats')).toContain('pubsub_channels:0')
  })

  it('serves nobody who has gone', async () => {
    socket.write(encode(['BLPOP', 'k', '0']))
    await waitUntil(() => engine.info('clients').includes('blocked_clients:1'))
    socket.destroy()
    await waitUntil(() => engine.info('clients').includes('blocked_clients:0'))
    const client = engine.client()
    client.call('RPUSH', 'k', 'v')
    expect(client.call('LLEN', 'k')).toBe(1)
  })
})
