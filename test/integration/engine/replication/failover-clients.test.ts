import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../../src/engine/index.ts'
import { Listener } from '../../../support/listener.ts'
import { waitUntil } from '../../../support/wait-until.ts'

const REFUSED = "-READONLY You can't write against a read only replica.\r\n"

let primary: Engine
let replica: Engine

beforeEach(async () => {
  primary = new Engine({ directives: { 'repl-diskless-sync-delay': '0' } })
  replica = new Engine({ directives: { 'repl-diskless-load': 'swapdb' } })
  for (const engine of [primary, replica]) {
    await engine.start()
    await engine.listen({ host: '127.0.0.1', port: 0 })
  }
})

afterEach(async () => {
  await replica.stop()
  await primary.stop()
})

const portOf = (engine: Engine): string => /tcp_port:(\d+)/.exec(engine.info('server'))?.[1] ?? ''

describe('a client whose writes wait for the end of FAILOVER', () => {
  it('is answered once for each, though more come as it is let go', async () => {
    replica.client().call('REPLICAOF', '127.0.0.1', portOf(primary))
    await waitUntil(() => primary.info('replication').includes('state=online'))
    const client = await Listener.connect(Number(portOf(primary)))
    client.send(['INCR', 'n'])
    await waitUntil(() => client.text === ':1\r\n')
    const isOver = (): boolean =>
      primary.info('replication').includes('master_failover_state:no-failover')
    expect(primary.client().call('FAILOVER')).toBe('OK')
    for (let sent = 1; ; sent += 1) {
      client.send(['INCR', 'n'])
      await setImmediate()
      if (!isOver()) continue
      client.send(['INCR', 'n'])
      client.send(['PING'])
      await waitUntil(() => client.text.endsWith('+PONG\r\n'))
      expect(client.text).toBe(`:1\r\n${REFUSED.repeat(sent + 1)}+PONG\r\n`)
      break
    }
    expect(replica.client().getText('n')).toBe('1')
    client.close()
  })
})
