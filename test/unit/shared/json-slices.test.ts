import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJsonSlices } from '../../../src/shared/json-slices.ts'
import { runToEnd } from '../../../src/shared/slices.ts'

/** As if every text were long. */
const parse = (text: string) => runToEnd(parseJsonSlices(text, 3))

describe('JSON in slices', () => {
  it('is read as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 9 }), fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent)
        expect(parse(text)).toEqual(JSON.parse(text))
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    '{"__proto__": {"a": 1}, "a": 1, "a": 2}',
    '["\\\\", "\\"[", "]"]',
    '{"\\u0061": 1}',
    '[[   ], {    }]',
  ])('holds no surprise: %s', (text) => expect(parse(text)).toStrictEqual(JSON.parse(text)))

  it('is refused where JSON.parse refuses it', () => {
    const broken = fc.tuple(fc.json(), fc.nat(), fc.constantFrom('', '"', ',', ']', '}', '[', ':'))
    fc.assert(
      fc.property(broken, ([json, at, put]) => {
        const index = at % (json.length + 1)
        const text = json.slice(0, index) + put + json.slice(index + 1)
        let expected: unknown
        try {
          expected = JSON.parse(text)
        } catch {
          expect(() => parse(text)).toThrow(SyntaxError)
          return
        }
        expect(parse(text)).toEqual(expected)
      }),
      { numRuns: 1_000 },
    )
  })
})
