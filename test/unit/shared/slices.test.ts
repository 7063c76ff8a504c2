import { describe, expect, it } from 'vitest'
import { runInSlices, runToEnd, type Slices } from '../../../src/shared/slices.ts'

function* count(to: number, step: () => void = () => undefined): Slices<number> {
  for (let index = 0; index < to; index += 1) {
    step()
    yield
  }
  return to
}

describe('work in slices', () => {
  it('pauses whenever a slice is used up, and not before', async () => {
    let nowMs = 0
    let pauses = 0
    const work = count(10, () => {
      nowMs += 3
    })
    const options = {
      sliceMs: 8,
      monotonicMs: () => nowMs,
      pause: async () => {
        pauses += 1
        nowMs += 100
      },
    }
    expect(await runInSlices(work, options)).toBe(10)
    expect(pauses).toBe(3)
  })

  it('runs to the end without a pause', () => {
    expect(runToEnd(count(10))).toBe(10)
  })

  it('fails as the work does', async () => {
    const work = count(1, () => {
      throw new Error('broken')
    })
    const options = { sliceMs: 1, monotonicMs: () => 0, pause: async () => undefined }
    await expect(runInSlices(work, options)).rejects.toThrow('broken')
  })
})
