import type { ByteBuilder } from './byte-builder.ts'
import { checkString } from './host-arguments.ts'
import type { JsonSettings } from './json-settings.ts'
import type { LuaVm } from './lua-vm.ts'

const SLOTS_PER_LEVEL = 3
const BACKSLASH = 0x5c
const QUOTE = 0x22
const NUMBER =
  /[-+]?(?:0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(?:p[-+]?\d+)?|inf(?:inity)?|nan(?:\(\w*\))?|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)/iy
const INVALID_NUMBER = /^(?:\+|-?(?:0[x\d]|inf|nan))/i
const SHORT_DIGITS_MAX = 15

type TokenType =
  | 'T_OBJ_BEGIN'
  | 'T_OBJ_END'
  | 'T_ARR_BEGIN'
  | 'T_ARR_END'
  | 'T_STRING'
  | 'T_NUMBER'
  | 'T_BOOLEAN'
  | 'T_NULL'
  | 'T_COLON'
  | 'T_COMMA'
  | 'T_END'
  | 'T_ERROR'

const SINGLE: ReadonlyMap<number, TokenType> = new Map([
  [0x7b, 'T_OBJ_BEGIN'],
  [0x7d, 'T_OBJ_END'],
  [0x5b, 'T_ARR_BEGIN'],
  [0x5d, 'T_ARR_END'],
  [0x2c, 'T_COMMA'],
  [0x3a, 'T_COLON'],
])
const ESCAPED: ReadonlyMap<number, number> = new Map([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x74, 0x09],
  [0x6e, 0x0a],
  [0x66, 0x0c],
  [0x72, 0x0d],
])

/** cjson.decode: values go straight onto Lua's stack. */
export class JsonDecoder {
  readonly #vm: LuaVm
  readonly #out: ByteBuilder
  readonly #settings: JsonSettings
  /** Addresses in the VM's memory: the text lies there, and a zero byte after it. */
  #start = 0
  #at = 0
  #depth = 0
  /** The token read last: its type, place, and value. */
  #type: TokenType = 'T_END'
  #index = 0
  #number = 0
  #error = ''
  /** A string's bytes in the text; negative length: they are in `#out`. */
  #stringStart = 0
  #stringLength = 0

  constructor(vm: LuaVm, out: ByteBuilder, settings: JsonSettings) {
    this.#vm = vm
    this.#out = out
    this.#settings = settings
  }

  run(): number {
    const vm = this.#vm
    if (vm.argumentCount !== 1) return vm.failArgument(1, 'expected 1 argument')
    checkString(vm, 1)
    const slot = vm.argument(1)
    this.#start = vm.values.stringStart(slot)
    this.#at = this.#start
    this.#depth = 0
    if (vm.values.stringLength(slot) >= 2 && (this.#byte(0) === 0 || this.#byte(1) === 0)) {
      return vm.fail('JSON parser does not support UTF-16 or UTF-32')
    }
    this.#next()
    this.#value()
    this.#next()
    if (this.#type !== 'T_END') this.#fail('the end')
    return 1
  }

  #value(): void {
    const vm = this.#vm
    switch (this.#type) {
      case 'T_STRING':
        return this.#pushString()
      case 'T_NUMBER':
        return vm.pushNumber(this.#number)
      case 'T_BOOLEAN':
        return vm.pushBoolean(this.#number === 1)
      case 'T_NULL':
        return vm.pushNullPointer()
      case 'T_OBJ_BEGIN':
        return this.#object()
      case 'T_ARR_BEGIN':
        return this.#array()
      default:
        this.#fail('value')
    }
  }

  #object(): void {
    this.#descend()
    this.#vm.newTable(0, 0)
    this.#next()
    while (this.#type !== 'T_OBJ_END') {
      if (this.#type !== 'T_STRING') this.#fail('object key string')
      this.#pushString()
      this.#next()
      if (this.#type !== 'T_COLON') this.#fail('colon')
      this.#next()
      this.#value()
      this.#vm.setPair()
      this.#next()
      if (this.#isEnd('T_OBJ_END')) break
      if (this.#type !== 'T_COMMA') this.#fail('comma or object end')
      this.#next()
      // After a comma an end is no key.
      if (this.#isEnd('T_OBJ_END')) this.#fail('object key string')
    }
    this.#depth -= 1
  }

  #array(): void {
    this.#descend()
    this.#vm.newTable(0, 0)
    this.#next()
    for (let index = 1; this.#type !== 'T_ARR_END'; index += 1) {
      this.#value()
      this.#vm.setIndex(index)
      this.#next()
      if (this.#isEnd('T_ARR_END')) break
      if (this.#type !== 'T_COMMA') this.#fail('comma or array end')
      this.#next()
      if (this.#isEnd('T_ARR_END')) this.#fail('value')
    }
    this.#depth -= 1
  }

  #isEnd(type: TokenType): boolean {
    return this.#type === type
  }

  #descend(): void {
    this.#depth += 1
    const isTooDeep = this.#depth > this.#settings.decodeDepthMax
    if (!isTooDeep && this.#vm.ensureStack(SLOTS_PER_LEVEL)) return
    const place = this.#at - this.#start
    this.#vm.fail(`Found too many nested data structures (${this.#depth}) at character ${place}`)
  }

  #pushString(): void {
    if (this.#stringLength < 0) this.#out.pushTo(this.#vm)
    else this.#vm.pushMemory(this.#stringStart, this.#stringLength)
  }

  #next(): void {
    for (let byte = this.#byte(0); isSpace(byte); byte = this.#byte(0)) this.#at += 1
    this.#index = this.#at - this.#start
    const byte = this.#byte(0)
    if (byte === 0) {
      this.#type = 'T_END'
      return
    }
    const single = SINGLE.get(byte)
    if (single !== undefined) {
      this.#type = single
      this.#at += 1
    } else if (byte === QUOTE) {
      this.#string()
    } else if (byte === 0x2d || isDigit(byte)) {
      this.#numberToken()
    } else {
      this.#word()
    }
  }

  #word(): void {
    const text = this.#text(5)
    if (text.startsWith('true')) return this.#literal('T_BOOLEAN', 1, 4)
    if (text === 'false') return this.#literal('T_BOOLEAN', 0, 5)
    if (text.startsWith('null')) return this.#literal('T_NULL', 0, 4)
    const mayBeNumber = /^[iInN+]/.test(text) && INVALID_NUMBER.test(text)
    if (mayBeNumber && this.#settings.decodeInvalidNumbers === 1) return this.#readNumber()
    this.#setError('invalid token')
  }

  #literal(type: TokenType, value: number, length: number): void {
    this.#type = type
    this.#number = value
    this.#at += length
  }

  #numberToken(): void {
    const isStrict = this.#settings.decodeInvalidNumbers === 0
    if (isStrict && INVALID_NUMBER.test(this.#text(4))) return this.#setError('invalid number')
    if (!this.#shortInteger()) this.#readNumber()
  }

  /** Most numbers are integers of a few digits. */
  #shortInteger(): boolean {
    const isNegative = this.#byte(0) === 0x2d
    const first = isNegative ? 1 : 0
    let value = 0
    let at = first
    for (; at <= SHORT_DIGITS_MAX && isDigit(this.#byte(at)); at += 1) {
      value = value * 10 + this.#byte(at) - 0x30
    }
    const after = this.#byte(at)
    const goesOn = after === 0x2e || (after | 0x20) === 0x65 || (after | 0x20) === 0x78
    if (at === first || goesOn || isDigit(after)) return false
    this.#literal('T_NUMBER', isNegative ? -value : value, at)
    return true
  }

  /** What strtod would read. */
  #readNumber(): void {
    NUMBER.lastIndex = 0
    const match = NUMBER.exec(this.#numberText())?.[0]
    if (match === undefined) return this.#setError('invalid number')
    this.#literal('T_NUMBER', toNumber(match), match.length)
  }

  /** As far as a number could go. */
  #numberText(): string {
    let length = 0
    while (isNumberByte(this.#byte(length))) length += 1
    return this.#text(length)
  }

  #string(): void {
    this.#at += 1
    const start = this.#at
    let byte = this.#byte(0)
    for (; byte !== QUOTE && byte !== BACKSLASH && byte !== 0; byte = this.#byte(0)) this.#at += 1
    this.#stringStart = start
    this.#stringLength = this.#at - start
    if (byte === BACKSLASH) {
      this.#escapedString()
      if (this.#type === 'T_ERROR') return
    } else if (byte === 0) {
      return this.#setError('unexpected end of string')
    }
    this.#at += 1
    this.#type = 'T_STRING'
  }

  /** From the first escape on: the string is put together in `#out`. */
  #escapedString(): void {
    const out = this.#out
    out.clear()
    out.slice(this.#vm.values.bytes, this.#stringStart, this.#stringLength)
    this.#stringLength = -1
    this.#type = 'T_STRING'
    for (let byte = this.#byte(0); byte !== QUOTE; byte = this.#byte(0)) {
      if (byte === 0) return this.#setError('unexpected end of string')
      if (byte !== BACKSLASH) {
        out.byte(byte)
        this.#at += 1
        continue
      }
      const escape = this.#byte(1)
      if (escape === 0x75) {
        if (!this.#unicode()) return this.#setError('invalid unicode escape code')
        continue
      }
      const meant = ESCAPED.get(escape)
      if (meant === undefined) return this.#setError('invalid escape code')
      out.byte(meant)
      this.#at += 2
    }
  }

  /** `\uXXXX`, or two of them for what UTF-16 takes two for; as UTF-8. */
  #unicode(): boolean {
    const first = this.#hex4(2)
    if (first < 0) return false
    let code = first
    let length = 6
    if ((first & 0xf800) === 0xd800) {
      if ((first & 0x400) !== 0) return false
      if (this.#byte(6) !== BACKSLASH || this.#byte(7) !== 0x75) return false
      const second = this.#hex4(8)
      if ((second & 0xfc00) !== 0xdc00 || second < 0) return false
      code = (((first & 0x3ff) << 10) | (second & 0x3ff)) + 0x1_0000
      length = 12
    }
    for (const byte of Buffer.from(String.fromCodePoint(code))) this.#out.byte(byte)
    this.#at += length
    return true
  }

  #hex4(offset: number): number {
    const text = this.#text(4, offset)
    return /^[0-9a-fA-F]{4}$/.test(text) ? Number.parseInt(text, 16) : -1
  }

  #setError(text: string): void {
    this.#type = 'T_ERROR'
    this.#error = text
    this.#index = this.#at - this.#start
  }

  #fail(expected: string): void {
    const found = this.#type === 'T_ERROR' ? this.#error : this.#type
    this.#vm.fail(`Expected ${expected} but found ${found} at character ${this.#index + 1}`)
  }

  #byte(offset: number): number {
    return this.#vm.values.bytes[this.#at + offset] ?? 0
  }

  #text(length: number, offset = 0): string {
    const start = this.#at + offset
    return this.#vm.values.bytes.toString('latin1', start, start + length)
  }
}

function toNumber(text: string): number {
  const isNegative = text.startsWith('-')
  const digits = text.replace(/^[-+]/, '').toLowerCase()
  const value = digits.startsWith('0x') ? hexadecimal(digits) : decimal(digits)
  return isNegative ? -value : value
}

function decimal(text: string): number {
  if (text.startsWith('inf')) return Number.POSITIVE_INFINITY
  if (text.startsWith('nan')) return Number.NaN
  return Number(text)
}

/** `0x1.8p3`, as C reads it. */
function hexadecimal(text: string): number {
  const [mantissa = '', power = '0'] = text.slice(2).split('p')
  const [whole = '', fraction = ''] = mantissa.split('.')
  let value = 0
  for (const digit of whole + fraction) value = value * 16 + Number.parseInt(digit, 16)
  return value * 2 ** (Number(power) - 4 * fraction.length)
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function isNumberByte(byte: number): boolean {
  const folded = byte | 0x20
  const isLetter = folded >= 0x61 && folded <= 0x7a
  return isDigit(byte) || isLetter || byte === 0x2b || byte === 0x2d || byte === 0x2e
}
