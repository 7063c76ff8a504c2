import { describe, expect, it } from 'vitest'
import { Rate } from '../../../../src/engine/introspection/rate.ts'

describe('Rate', () => {
  it('is 0 before anything was sampled', () => {
    expect(new Rate().perSecond).toBe(0)
  })

  it('takes a sample every 100 ms, however often it is asked', () => {
    const rate = new Rate()
    for (let ms = 0; ms <= 100; ms += 10) rate.sample(ms, 5_000 + ms)
    expect(rate.perSecond).toBe(1_000)
  })

  it('forgets what is more than 16 samples old', () => {
    const rate = new Rate()
    rate.sample(0, 0)
    rate.sample(1_600, 100)
    for (let index = 2; index <= 16; index += 1) rate.sample(1_600, index * 100)
    expect(rate.perSecond).toBe(1_000)
    rate.sample(1_600, 1_700)
    expect(rate.perSecond).toBe(0)
  })

  it('does not fall below 0 when the total is reset, nor when the clock goes back', () => {
    const rate = new Rate()
    rate.sample(0, 0)
    rate.sample(500, 100)
    rate.sample(3, 200)
    rate.sample(4, 50)
    expect(rate.perSecond).toBe(2_500)
  })
})
