import type { ArgumentVector } from './argument-vector.ts'
import { splitArguments } from './inline-arguments.ts'

/** server.h: PROTO_INLINE_MAX_SIZE. */
const LINE_BYTES_MAX = 64 * 1_024
/** networking.c: what a client may send before it has authenticated. */
const UNAUTHENTICATED_ARGUMENTS_MAX = 10
const UNAUTHENTICATED_BULK_BYTES_MAX = 16_384
const INT_MAX = 0x7fff_ffff

const CR = 0x0d
const LF = 0x0a
const SPACE = 0x20
const DOUBLE_QUOTE = 0x22
const SINGLE_QUOTE = 0x27
const STAR = 0x2a
const DOLLAR = 0x24
const MINUS = 0x2d
const ZERO = 0x30

export type ParseResult = 'command' | 'empty' | 'incomplete' | 'error'

export interface ParserLimits {
  /** proto-max-bulk-len. */
  bulkBytesMax: number
  isAuthenticated: boolean
}

/**
 * Reads requests from the bytes of one connection: arrays of bulk strings, or a line. Keeps its place in a
 * request that has not arrived whole, so that each byte is looked at once.
 */
export class RequestParser {
  /** Where the next request starts, after 'command' and 'empty'. */
  end = 0
  /** What Redis says of a request it cannot read, after 'error'. */
  error = ''
  /** Of a request that is not whole: its bytes that have been read, and those it has up to the end of its bulk. */
  parsedBytes = 0
  wantedBytes = 0
  readonly #argv: ArgumentVector
  /** Of the array being read: bulks to come (-1: its length has not been read), place from its start. */
  #remaining = -1
  #position = 0

  constructor(argv: ArgumentVector) {
    this.#argv = argv
  }

  /** Reads one request from bytes[start, end). After 'incomplete', call again with more from the same start. */
  parse(bytes: Uint8Array, start: number, end: number, limits: ParserLimits): ParseResult {
    if (bytes[start] !== STAR) return this.#parseLine(bytes, start, end)
    const argv = this.#argv
    argv.bytes = bytes
    argv.base = start
    if (this.#remaining < 0) {
      const lineEnd = this.#lineEnd(bytes, start, end, 'too big mbulk count string')
      if (lineEnd < 0) return this.#stopped()
      const count = integerBetween(bytes, start + 1, lineEnd)
      if (count === undefined || count > INT_MAX) return this.#fail('invalid multibulk length')
      if (!limits.isAuthenticated && count > UNAUTHENTICATED_ARGUMENTS_MAX) {
        return this.#fail('unauthenticated multibulk length')
      }
      this.end = lineEnd + 2
      if (count <= 0) return 'empty'
      argv.count = 0
      this.#remaining = count
      this.#position = lineEnd + 2 - start
    }
    return this.#parseBulks(bytes, start, end, limits)
  }

  #parseBulks(bytes: Uint8Array, start: number, end: number, limits: ParserLimits): ParseResult {
    while (this.#remaining > 0) {
      const at = start + this.#position
      if (at >= end) return 'incomplete'
      const lineEnd = this.#lineEnd(bytes, at, end, 'too big bulk count string')
      if (lineEnd < 0) return this.#stopped()
      if (bytes[at] !== DOLLAR) {
        return this.#fail(`expected '$', got '${String.fromCharCode(bytes[at] ?? 0)}'`)
      }
      const length = integerBetween(bytes, at + 1, lineEnd)
      if (length === undefined || length < 0 || length > limits.bulkBytesMax) {
        return this.#fail('invalid bulk length')
      }
      if (!limits.isAuthenticated && length > UNAUTHENTICATED_BULK_BYTES_MAX) {
        return this.#fail('unauthenticated bulk length')
      }
      const bulk = lineEnd + 2
      if (bulk + length + 2 > end) {
        this.parsedBytes = bulk - start
        this.wantedBytes = bulk + length + 2 - start
        return 'incomplete'
      }
      this.#argv.push(bulk - start, length)
      this.#position = bulk + length + 2 - start
      this.#remaining -= 1
    }
    this.end = start + this.#position
    this.#remaining = -1
    this.parsedBytes = 0
    this.wantedBytes = 0
    return 'command'
  }

  #parseLine(bytes: Uint8Array, start: number, end: number): ParseResult {
    let lineFeed = start
    while (lineFeed < end && bytes[lineFeed] !== LF) lineFeed += 1
    if (lineFeed - start > LINE_BYTES_MAX) return this.#fail('too big inline request')
    if (lineFeed === end) return 'incomplete'
    this.end = lineFeed + 1
    const lineEnd = lineFeed > start && bytes[lineFeed - 1] === CR ? lineFeed - 1 : lineFeed
    if (!this.#pushWords(bytes, start, lineEnd)) {
      const line = Buffer.from(bytes.buffer, bytes.byteOffset + start, lineEnd - start)
      const words = splitArguments(line.toString('latin1'))
      if (words === undefined) return this.#fail('unbalanced quotes in request')
      this.#argv.load(words.map((word) => Buffer.from(word, 'latin1')))
    }
    return this.#argv.count === 0 ? 'empty' : 'command'
  }

  /** The words of a line where they are; false for one that is not of plain words and spaces only. */
  #pushWords(bytes: Uint8Array, start: number, end: number): boolean {
    const argv = this.#argv
    argv.bytes = bytes
    argv.base = start
    argv.count = 0
    let word = start
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] ?? 0
      if (byte < SPACE || byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE) return false
      if (byte !== SPACE) continue
      if (at > word) argv.push(word - start, at - word)
      word = at + 1
    }
    if (end > word) argv.push(word - start, end - word)
    return true
  }

  /** Where the CR of the line is whose LF has arrived too; -1 when it has not, or the line is too long. */
  #lineEnd(bytes: Uint8Array, start: number, end: number, tooLong: string): number {
    for (let at = start; at < end; at += 1) {
      if (bytes[at] === CR) return at + 1 < end ? at : -1
    }
    if (end - start > LINE_BYTES_MAX) this.error = tooLong
    return -1
  }

  #stopped(): ParseResult {
    return this.error === '' ? 'incomplete' : this.#fail(this.error)
  }

  #fail(reason: string): ParseResult {
    this.error = `ERR Protocol error: ${reason}`
    return 'error'
  }
}

/** The decimal integer that fills bytes[start, end), which Redis reads with string2ll. */
function integerBetween(bytes: Uint8Array, start: number, end: number): number | undefined {
  const isNegative = bytes[start] === MINUS
  const first = isNegative ? start + 1 : start
  const digits = end - first
  if (digits < 1 || digits > 15 || (digits > 1 && bytes[first] === ZERO)) return undefined
  let value = 0
  for (let at = first; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - ZERO
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
  }
  return isNegative ? -value : value
}
