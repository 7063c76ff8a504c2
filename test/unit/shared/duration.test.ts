import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from '../../../src/shared/duration.ts'

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['250ms', 250],
    ['10s', 10_000],
    ['1.5m', 90_000],
    ['12h', 43_200_000],
    ['7d', 604_800_000],
  ])('reads %s as %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds)
  })

  it.each(['', '10', 's', '-1s', '1 s', '1S', '0.5ms', '1e3s', '99999999999999999d', ' 1s'])(
    'refuses "%s"',
    (text) => {
      expect(parseDuration(text)).toBeUndefined()
    },
  )
})

describe('formatDuration', () => {
  it.each(['0', '1ms', '1500ms', '90s', '1m', '36h', '1d'])('writes %s as it was read', (text) => {
    expect(formatDuration(parseDuration(text) ?? Number.NaN)).toBe(text)
  })
})
