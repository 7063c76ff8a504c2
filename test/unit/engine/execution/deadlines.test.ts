import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Deadlines } from '../../../../src/engine/execution/deadlines.ts'

describe('Deadlines', () => {
  it('gives the soonest of those that are in, whoever came and left', () => {
    const step = fc.oneof(
      fc.record({ add: fc.integer({ min: 0, max: 50 }) }),
      fc.record({ remove: fc.nat() }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const deadlines = new Deadlines<{ readonly deadlineMs: number; place: number }>()
        const model: { readonly deadlineMs: number; place: number }[] = []
        for (const each of steps) {
          if ('add' in each) {
            const entry = { deadlineMs: each.add, place: -1 }
            model.push(entry)
            deadlines.add(entry)
          } else if (model.length > 0) {
            const [entry] = model.splice(each.remove % model.length, 1)
            if (entry !== undefined) deadlines.remove(entry)
            expect(entry?.place).toBe(-1)
          }
          const soonest = Math.min(...model.map(({ deadlineMs }) => deadlineMs))
          expect(deadlines.next?.deadlineMs ?? Number.POSITIVE_INFINITY).toBe(soonest)
          expect(deadlines.size).toBe(model.length)
        }
      }),
    )
  })

  it('takes no notice of one that is not in', () => {
    const deadlines = new Deadlines<{ readonly deadlineMs: number; place: number }>()
    deadlines.add({ deadlineMs: 1, place: -1 })
    deadlines.remove({ deadlineMs: 1, place: -1 })
    expect(deadlines.size).toBe(1)
  })
})
