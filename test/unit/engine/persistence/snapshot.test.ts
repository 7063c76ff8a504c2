import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SnapshotDriver } from '../../../support/snapshot-driver.ts'

const KEYS = 1_000

describe('Snapshot.step', () => {
  let driver: SnapshotDriver

  beforeEach(() => {
    driver = new SnapshotDriver()
  })
  afterEach(() => driver.remove())

  /** Keys that are written before it is asked whether time is over. */
  function keysAtOnce(valueBytes: number): number {
    const value = 'v'.repeat(valueBytes)
    for (let index = 0; index < KEYS; index += 1) driver.client.call('SET', `key${index}`, value)
    const snapshot = driver.begin({ compresses: false })
    snapshot.step(() => true)
    return snapshot.writer.keyCount
  }

  it('goes on for some keys', () => {
    const count = keysAtOnce(10)
    expect(count).toBeGreaterThan(5)
    expect(count).toBeLessThan(50)
  })

  // In a bucket there are two or three at most.
  it('goes on for no more of them when they are long', () => {
    expect(keysAtOnce(64 * 1_024)).toBeLessThan(4)
  })
})
