import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CommandDriver } from '../../support/command-driver.ts'
import { argumentsOf, StreamDriver } from '../../support/stream-driver.ts'

const word = fc.oneof(
  fc.integer({ min: -5, max: 5_000 }).map(String),
  fc.constantFrom('', '2147483648', '-9223372036854775808', '01', 'x'.repeat(70)),
  fc.string({ unit: 'grapheme-ascii', maxLength: 5 }),
)
/** The same fields now and then. */
const fields = fc.oneof(
  fc.tuple(word, word).map(([left, right]) => ['a', left, 'b', right]),
  fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 3 }).map((pairs) => pairs.flat()),
)
const change = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('add' as const), by: fc.nat(3), fields }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), at: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('length' as const), max: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('before' as const), at: fc.nat(60) }) },
)

describe('a stream', () => {
  it('does what a list of entries does', () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 60 }),
        fc.integer({ min: 1, max: 6 }),
        (all, max) => {
          const driver = new CommandDriver()
          driver.run(`CONFIG SET stream-node-max-entries ${max}`)
          let model: { readonly ms: number; readonly fields: readonly string[] }[] = []
          let ms = 1
          for (const each of all) {
            const before = model.length
            if (each.kind === 'add') {
              ms += each.by + 1
              expect(driver.call('XADD', 's', `${ms}-1`, ...each.fields)).toBe(`${ms}-1`)
              model.push({ ms, fields: each.fields })
            } else if (each.kind === 'delete') {
              model = model.filter((entry) => entry.ms !== each.at)
              expect(driver.run(`XDEL s ${each.at}-1`)).toBe(before - model.length)
            } else if (each.kind === 'length') {
              model = model.slice(Math.max(0, model.length - each.max))
              expect(driver.run(`XTRIM s MAXLEN ${each.max}`)).toBe(before - model.length)
            } else {
              model = model.filter((entry) => entry.ms >= each.at)
              expect(driver.run(`XTRIM s MINID ${each.at}`)).toBe(before - model.length)
            }
            expect(driver.run('XLEN s')).toBe(model.length)
          }
          const shown = model.map((entry) => [`${entry.ms}-1`, [...entry.fields]])
          expect(driver.run('XRANGE s - +')).toEqual(shown)
          expect(driver.run('XREVRANGE s + -')).toEqual([...shown].reverse())
          for (let at = 1; at < 60; at += 7) {
            const from = model.findIndex((entry) => entry.ms >= at)
            const rest = from < 0 ? [] : shown.slice(from)
            expect(driver.run(`XRANGE s ${at} + COUNT 3`)).toEqual(rest.slice(0, 3))
            const until = shown.slice(0, from < 0 ? shown.length : from).reverse()
            expect(driver.run(`XREVRANGE s (${at}-0 - COUNT 3`)).toEqual(until.slice(0, 3))
          }
        },
      ),
      { numRuns: 80 },
    )
  })

  it('knows its bytes, shares none with its copy, and gives all back', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), fc.nat(5), (all, budget) => {
        const driver = new StreamDriver()
        driver.streams.limits.nodeEntriesMax = 3
        let ms = 0
        for (const each of all) {
          if (each.kind === 'add') {
            ms += each.by + 1
            driver.add(ms, argumentsOf(each.fields))
            if (each.by === 0) driver.deliver('group', `consumer ${ms % 3}`, ms)
          } else if (each.kind === 'delete') {
            driver.delete(each.at)
          } else if (each.kind === 'length') {
            driver.trim(each.max)
          } else {
            driver.acknowledge('group', each.at)
          }
          expect(driver.streams.bytes(driver.root)).toBe(driver.slab.usedBytes)
        }
        const alone = driver.slab.usedBytes
        const copy = driver.streams.copy(driver.root)
        expect(driver.streams.bytes(copy)).toBe(driver.slab.usedBytes - alone)
        while (!driver.streams.freeSome(driver.root, budget + 1));
        expect(driver.slab.usedBytes).toBe(driver.streams.bytes(copy))
        driver.streams.free(copy)
        expect(driver.slab.usedBytes).toBe(0)
      }),
      { numRuns: 80 },
    )
  })
})
