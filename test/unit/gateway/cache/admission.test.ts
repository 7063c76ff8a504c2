import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Admission } from '../../../../src/gateway/cache/admission.ts'
import { FrequencySketch } from '../../../../src/gateway/cache/frequency-sketch.ts'
import { MemoryGauge } from '../../../../src/gateway/cache/memory-gauge.ts'
import { silentLogger } from '../../../../src/shared/logger.ts'
import type { Store } from '../../../../src/store/index.ts'
import { failingStore } from '../../../support/failing-store.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { openStore } from '../../../support/open-store.ts'

const digest = (name: string | number): Buffer => createHash('sha256').update(`${name}`).digest()
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A store that says of its memory what the test tells it. */
function setUp(memory = { used: 95, max: 100 }) {
  const clock = new FakeClock()
  const failing = failingStore(openStore(clock))
  const told = { ...memory, readings: 0 }
  const store: Store = {
    ...failing,
    info: async () => {
      told.readings += 1
      await failing.ping()
      return `# Memory\r\nused_memory:${told.used}\r\nused_memory_human:1B\r\nmaxmemory:${told.max}\r\n`
    },
  }
  const gauge = new MemoryGauge({ store, clock, log: silentLogger, shortFrom: 0.9 })
  return {
    clock,
    failing,
    told,
    gauge,
    admission: new Admission({ memory: gauge, sizeStep: 1_000 }),
  }
}

async function shortAdmission(): Promise<Admission> {
  const { admission, gauge } = setUp()
  gauge.isShort()
  await turn()
  expect(gauge.isShort()).toBe(true)
  return admission
}

describe('the memory of a store', () => {
  it.each([
    [89, 100, false],
    [90, 100, true],
    [200, 100, true],
    // Without limit.
    [200, 0, false],
  ])('is short, or not, when %i of %i bytes are in use: %s', async (used, max, isShort) => {
    const { gauge } = setUp({ used, max })
    gauge.isShort()
    await turn()
    expect(gauge.isShort()).toBe(isShort)
  })

  it('is read once a second, and not while nobody asks', async () => {
    const { gauge, told, clock } = setUp()
    for (let call = 0; call < 5; call += 1) gauge.isShort()
    expect(told.readings).toBe(1)
    clock.advance(999)
    gauge.isShort()
    expect(told.readings).toBe(1)
    clock.advance(1)
    gauge.isShort()
    expect(told.readings).toBe(2)
    await turn()
    expect(gauge.wasShort).toBe(true)
    told.used = 10
    clock.advance(60_000)
    gauge.isShort()
    await turn()
    expect([told.readings, gauge.wasShort]).toEqual([3, false])
  })

  it('is as it was while the store does not tell', async () => {
    const { gauge, failing, clock } = setUp()
    gauge.isShort()
    await turn()
    failing.isDown = true
    clock.advance(1_000)
    gauge.isShort()
    await turn()
    expect(gauge.isShort()).toBe(true)
  })

  it('is short when there was no room for a value, until the store tells otherwise', async () => {
    const { gauge, clock } = setUp({ used: 10, max: 100 })
    gauge.isShort()
    await turn()
    gauge.noteFull()
    expect(gauge.isShort()).toBe(true)
    clock.advance(1_000)
    gauge.isShort()
    await turn()
    expect(gauge.isShort()).toBe(false)
  })
})

describe('an answer', () => {
  it('is admitted at once while there is memory', () => {
    const { admission } = setUp({ used: 10, max: 100 })
    expect(admission.admits(digest('a'), 1_000_000)).toBe(true)
  })

  it.each([
    [0, 2],
    [1_000, 2],
    [1_001, 3],
    [5_000, 6],
    [14_000, 15],
    // Never out of reach.
    [1_000_000, 15],
  ])(
    'of %i bytes is admitted, memory being short, once it was asked for %i times',
    async (bytes, needed) => {
      const admission = await shortAdmission()
      for (let asks = 1; asks < needed; asks += 1) admission.asked(digest('a'))
      expect(admission.admits(digest('a'), bytes)).toBe(false)
      admission.asked(digest('a'))
      expect(admission.admits(digest('a'), bytes)).toBe(true)
      expect(admission.admits(digest('b'), bytes)).toBe(false)
    },
  )

  it('is known by what was asked before memory became short', async () => {
    const { admission, told, gauge, clock } = setUp({ used: 10, max: 100 })
    for (let asks = 0; asks < 2; asks += 1) admission.asked(digest('a'))
    admission.asked(digest('b'))
    told.used = 99
    clock.advance(1_000)
    gauge.isShort()
    await turn()
    expect([admission.admits(digest('a'), 1), admission.admits(digest('b'), 1)]).toEqual([
      true,
      false,
    ])
  })
})

describe('FrequencySketch', () => {
  it('never counts too few, and seldom too many', () => {
    const sketch = new FrequencySketch()
    const keys = Array.from({ length: 50_000 }, (_, key) => digest(key))
    for (const [index, key] of keys.entries()) {
      for (let count = 0; count <= index % 3; count += 1) sketch.add(key)
    }
    const errors = keys.map((key, index) => sketch.count(key) - (1 + (index % 3)))
    expect(errors.filter((error) => error < 0)).toEqual([])
    expect(errors.filter((error) => error > 0).length).toBeLessThan(5_000)
    expect(sketch.count(digest('never'))).toBeLessThanOrEqual(1)
  })

  it('counts to fifteen', () => {
    const sketch = new FrequencySketch()
    for (let count = 0; count < 100; count += 1) sketch.add(digest('a'))
    expect(sketch.count(digest('a'))).toBe(15)
  })

  it('forgets what is not asked for any more', () => {
    const sketch = new FrequencySketch()
    for (let count = 0; count < 8; count += 1) sketch.add(digest('old'))
    const busy = digest('busy')
    for (let period = 0; period < 4; period += 1) {
      for (let count = 0; count < 262_144; count += 1) sketch.add(busy)
    }
    expect(sketch.count(digest('old'))).toBe(0)
    expect(sketch.count(busy)).toBeGreaterThan(0)
  })
})
