import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/shared/clock.ts'
import { StoreError } from '../../../src/store/index.ts'
import { failingStore } from '../../support/failing-store.ts'
import { openStore } from '../../support/open-store.ts'
import { startWorld } from '../../support/start-gateway.ts'

const REFUSAL = 'the engine refused a command: MISCONF Errors writing to the AOF file'

describe('readiness', () => {
  it('lacks nothing while all stores answer', async () => {
    const { gateway } = await startWorld()
    expect(await gateway.readiness()).toEqual({ missing: [], degraded: [] })
  })

  it('lacks the store when it does not answer', async () => {
    const store = failingStore(openStore(systemClock))
    const { gateway } = await startWorld({}, { store })
    store.isDown = true
    expect(await gateway.readiness()).toEqual({
      missing: ['the store does not answer'],
      degraded: [],
    })
    store.isDown = false
  })

  it('is degraded by stores of limits and sessions that do not answer', async () => {
    const apart = failingStore(openStore(systemClock))
    const { gateway } = await startWorld(
      {},
      { protectedStores: { limits: apart, sessions: apart } },
    )
    apart.isDown = true
    expect(await gateway.readiness()).toEqual({
      missing: [],
      degraded: ['the store does not answer'],
    })
    apart.isDown = false
  })

  it('is degraded by a store that refuses what it is asked', async () => {
    const whole = failingStore(openStore(systemClock))
    const ping = (): never => {
      throw new StoreError('refused', REFUSAL)
    }
    const { gateway } = await startWorld({}, { store: { ...whole, ping } })
    expect(await gateway.readiness()).toEqual({ missing: [], degraded: [REFUSAL] })
  })
})
