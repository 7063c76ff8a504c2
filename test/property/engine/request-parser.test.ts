import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ArgumentVector } from '../../../src/engine/protocol/argument-vector.ts'
import { RequestParser } from '../../../src/engine/protocol/request-parser.ts'

const LIMITS = { bulkBytesMax: 1_000_000, isAuthenticated: true }

/** What a connection makes of bytes that arrive in pieces: the commands, and the error that ends it. */
function parsePieces(pieces: readonly Buffer[]): readonly string[] {
  const argv = new ArgumentVector()
  const parser = new RequestParser(argv)
  const results: string[] = []
  let pending = Buffer.alloc(0)
  for (const piece of pieces) {
    pending = Buffer.concat([pending, piece])
    let start = 0
    while (start < pending.length) {
      const result = parser.parse(pending, start, pending.length, LIMITS)
      if (result === 'incomplete') break
      if (result === 'error') return [...results, parser.error]
      if (result === 'command') results.push(argumentsOf(argv))
      start = parser.end
    }
    pending = pending.subarray(start)
  }
  return results
}

function argumentsOf(argv: ArgumentVector): string {
  const words = Array.from({ length: argv.count }, (_, index) => argv.latin1(index))
  return JSON.stringify(words)
}

function cut(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...cuts].map((from, index) => bytes.subarray(from, cuts[index] ?? bytes.length))
}

const argument = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.constantFrom('\r\n', '*1\r\n', '$-1\r\n', '').map((text) => Buffer.from(text)),
  fc.uint8Array({ minLength: 100, maxLength: 400 }),
)
const command = fc.array(argument, { minLength: 1, maxLength: 5 }).map((args) => {
  const parts = args.flatMap((bytes) => [Buffer.from(`$${bytes.length}\r\n`), bytes, CRLF])
  return Buffer.concat([Buffer.from(`*${args.length}\r\n`), ...parts])
})
const CRLF = Buffer.from('\r\n')
const line = fc
  .constantFrom('PING\r\n', 'SET "a b" \'c\'\n', '\r\n', '*0\r\n', '*-1\r\n', '  \t GET a  \r\n')
  .map((text) => Buffer.from(text))
const mistake = fc
  .constantFrom('*x\r\n', '*1\r\n!3\r\n', '*1\r\n$-1\r\n', '*1\r\n$9999999\r\n', 'GET "a\r\n')
  .map((text) => Buffer.from(text))

describe('RequestParser', () => {
  it('reads the same from bytes that arrive at once and in any pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 6, arbitrary: command }, line, mistake), { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        (requests, places) => {
          const bytes = Buffer.concat(requests)
          expect(parsePieces(cut(bytes, places))).toEqual(parsePieces([bytes]))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('reads the same from single bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(command, line, mistake), { maxLength: 4 }), (requests) => {
        const bytes = Buffer.concat(requests)
        const singles = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1))
        expect(parsePieces(singles)).toEqual(parsePieces([bytes]))
      }),
      { numRuns: 200 },
    )
  })

  it('gives back the arguments of commands', () => {
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 6 }), (args) => {
        const parts = args.flatMap((bytes) => [Buffer.from(`$${bytes.length}\r\n`), bytes, CRLF])
        const bytes = Buffer.concat([Buffer.from(`*${args.length}\r\n`), ...parts])
        const expected = args.map((part) => Buffer.from(part).toString('latin1'))
        expect(parsePieces([bytes])).toEqual([JSON.stringify(expected)])
      }),
    )
  })

  it('never loops or throws on arbitrary bytes', () => {
    const text = fc.string({ unit: fc.constantFrom('*', '$', '1', '0', '-', '\r', '\n', 'a', '"') })
    fc.assert(
      fc.property(text, (input) => {
        expect(Array.isArray(parsePieces([Buffer.from(input)]))).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })
})
