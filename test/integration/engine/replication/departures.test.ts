import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../../src/engine/index.ts'
import { RawRespClient } from '../../../support/raw-resp-client.ts'
import { waitUntil } from '../../../support/wait-until.ts'

const REMEMBERED = 16

describe('those that have left a primary', () => {
  let engine: Engine
  let port: number

  beforeEach(async () => {
    engine = new Engine()
    await engine.start()
    port = (await engine.listen({ host: '127.0.0.1', port: 0 })).port
  })
  afterEach(() => engine.stop())

  /** One that says it listens on that port, and asks for a copy. */
  async function come(listeningPort: number): Promise<RawRespClient> {
    const replica = await RawRespClient.connect(port)
    await replica.send('REPLCONF', 'listening-port', String(listeningPort))
    replica.write('PSYNC ? -1\r\n')
    await waitUntil(() => engine.replication.followers.length === 1)
    return replica
  }

  async function comeAndGo(listeningPort: number): Promise<void> {
    const { departures } = engine.replication
    const replica = await come(listeningPort)
    replica.close()
    await waitUntil(() => engine.replication.departures > departures)
  }

  it('are remembered with where they can be reached, the last sixteen', async () => {
    const { replication } = engine
    for (let count = 0; count <= REMEMBERED; count += 1) await comeAndGo(7_000 + count)
    expect(replication.departures).toBe(REMEMBERED + 1)
    expect(replication.departedSince(REMEMBERED + 1)).toEqual([])
    expect(replication.departedSince(REMEMBERED)).toEqual([{ host: '127.0.0.1', port: 7_016 }])
    const ports = replication.departedSince(0).map((address) => address.port)
    expect(ports).toEqual(Array.from({ length: REMEMBERED }, (_, index) => 7_001 + index))
  })

  it('are those that followed when it becomes a replica', async () => {
    const replica = await come(7_000)
    engine.client().call('REPLICAOF', '127.0.0.1', 1)
    engine.client().call('REPLICAOF', 'NO', 'ONE')
    expect(engine.replication.departedSince(0)).toEqual([{ host: '127.0.0.1', port: 7_000 }])
    replica.close()
  })
})
