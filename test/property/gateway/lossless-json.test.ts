import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/gateway/errors.ts'
import { canonicalJson, parseJson } from '../../../src/gateway/graphql/lossless-json.ts'
import type { JsonValue } from '../../../src/gateway/graphql/operation.ts'

const DEPTH_MAX = 100

/** What JSON.parse would have made of it. */
function toPlain(value: JsonValue): unknown {
  if (value instanceof Map) {
    const members = [...value].map(([key, member]) => [key, toPlain(member)])
    // As JSON.parse does: __proto__ is a key, no prototype.
    return Object.fromEntries(members)
  }
  if (Array.isArray(value)) return value.map(toPlain)
  if (typeof value === 'object' && value !== null && 'lexeme' in value) return Number(value.lexeme)
  return value
}

function parse(text: string): JsonValue | undefined {
  try {
    return parseJson(Buffer.from(text), DEPTH_MAX).value
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'invalid-json') return undefined
    throw error
  }
}

function parsePlain(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Valid JSON with a few characters lost, doubled or put in. */
const nearlyJson = fc
  .tuple(
    fc.json({ maxDepth: 3 }),
    fc.array(
      fc.tuple(
        fc.nat(),
        fc.constantFrom(
          '',
          '"',
          '\\',
          ',',
          '{',
          ']',
          '0',
          '.',
          'e',
          '-',
          ' ',
          '\t',
          'u',
          '\u0001',
          '\u2028',
        ),
      ),
      {
        maxLength: 2,
      },
    ),
  )
  .map(([text, edits]) => {
    let edited = text
    for (const [at, insert] of edits) {
      const index = at % (edited.length + 1)
      edited = edited.slice(0, index) + insert + edited.slice(insert === '' ? index + 1 : index)
    }
    return edited
  })

describe('parseJson', () => {
  it('reads what JSON.parse reads, and refuses what it refuses', () => {
    const property = fc.property(nearlyJson, (text) => {
      // What cannot be written as UTF-8 never arrives.
      fc.pre(Buffer.from(text).toString() === text)
      const value = parse(text)
      // Objects with two equal keys are refused by one only; see the unit test.
      fc.pre(value !== undefined || !hasTwins(text))
      expect(value === undefined ? undefined : toPlain(value)).toEqual(parsePlain(text))
    })
    fc.assert(property, { numRuns: 5_000 })
  })

  it('reads its own canonical text as the same value', () => {
    const property = fc.property(fc.json({ maxDepth: 4 }), (text) => {
      const value = parse(text)
      fc.pre(value !== undefined)
      expect(parse(canonicalJson(value))).toEqual(value)
    })
    fc.assert(property, { numRuns: 1_000 })
  })

  it('never fails otherwise, whatever the bytes are', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
      expect(() => parse(Buffer.from(bytes).toString('latin1'))).not.toThrow()
      try {
        parseJson(Buffer.from(bytes), DEPTH_MAX)
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayError)
      }
    })
    fc.assert(property, { numRuns: 2_000 })
  })
})

/** Whether it is JSON in which a key stands twice in one object: of those, JSON.parse loses the first. */
function hasTwins(text: string): boolean {
  const keysIn = (of: string) => of.match(/"(?:[^"\\]|\\.)*"\s*:/g)?.length ?? 0
  const value = parsePlain(text)
  return value !== undefined && keysIn(text) !== keysIn(JSON.stringify(value))
}
