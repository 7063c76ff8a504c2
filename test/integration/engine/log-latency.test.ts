import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type EmbeddedClient, Engine } from '../../../src/engine/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { waitUntil } from '../../support/wait-until.ts'

/** Whatever is timed takes ten milliseconds. */
class SlowClock extends FakeClock {
  override monotonicMs(): number {
    this.advance(10)
    return super.monotonicMs()
  }
}

describe('LATENCY of the append-only log', () => {
  let folder: string
  let engine: Engine
  let client: EmbeddedClient

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-latency-'))
    engine = new Engine({
      clock: new SlowClock(),
      isPersistent: true,
      directives: {
        dir: folder,
        save: '',
        appendonly: 'yes',
        appendfsync: 'always',
        'latency-monitor-threshold': '1',
      },
    })
    await engine.start()
    await engine.load()
    client = engine.client()
  })
  afterEach(async () => {
    await engine.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const events = (): string =>
    JSON.stringify(client.call('LATENCY', 'LATEST'), (_name, value: unknown) =>
      typeof value === 'object' && value !== null && 'data' in value && Array.isArray(value.data)
        ? Buffer.from(value.data).toString()
        : value,
    )

  it('has an event for writing, for flushing, and for a new base that takes its place', async () => {
    await client.callAsync('SET', 'key', 'value')
    expect(events()).toMatch(/"aof-write-alone"/)
    expect(events()).toMatch(/"aof-write"/)
    expect(events()).toMatch(/"aof-fsync-always"/)
    expect(events()).not.toMatch(/"aof-rename"/)
    client.call('BGREWRITEAOF')
    await waitUntil(() => events().includes('"aof-rename"'))
  })
})
