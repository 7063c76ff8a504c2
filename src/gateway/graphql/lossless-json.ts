import { isUtf8 } from 'node:buffer'
import { GatewayError } from '../errors.ts'
import type { JsonNumber, JsonObject, JsonValue } from './operation.ts'

/** A JSON text, parsed. */
export interface ParsedJson {
  readonly value: JsonValue
  readonly text: string
  /** Where each item of a list at the top begins and ends in `text`; empty for any other value. */
  readonly itemSpans: readonly Span[]
}

export interface Span {
  readonly start: number
  readonly end: number
}

/**
 * JSON as RFC 8259 has it and nothing else. Two keys of the same name in one object are refused: of those, one
 * program keeps the first and another the last, and the gateway would cache one request while Hasura answers
 * another. Throws `invalid-json`.
 */
export function parseJson(bytes: Buffer, depthMax: number): ParsedJson {
  if (!isUtf8(bytes)) throw invalidJson('the body is not valid UTF-8')
  const text = bytes.toString('utf8')
  const reader = new JsonReader(text, depthMax)
  const value = reader.read()
  return { value, text, itemSpans: reader.itemSpans }
}

/** The same text for equal values, another for others: keys sorted, numbers as they were written. */
export function canonicalJson(value: JsonValue): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (isJsonObject(value)) {
    const keys = [...value.keys()].sort()
    const members = keys.map(
      (key) => `${JSON.stringify(key)}:${canonicalJson(value.get(key) ?? null)}`,
    )
    return `{${members.join(',')}}`
  }
  return isJsonNumber(value) ? value.lexeme : `[${value.map(canonicalJson).join(',')}]`
}

/** How many lists and objects stand in each other: 1 for an empty one, 0 for all else. */
export function jsonDepth(value: JsonValue): number {
  if (typeof value !== 'object' || value === null || isJsonNumber(value)) return 0
  let deepest = 0
  for (const member of value.values()) deepest = Math.max(deepest, jsonDepth(member))
  return deepest + 1
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map
}

export function isJsonList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}

export function isJsonNumber(value: JsonValue): value is JsonNumber {
  return typeof value === 'object' && value !== null && 'lexeme' in value
}

function invalidJson(message: string, path = '$'): GatewayError {
  return new GatewayError('invalid-json', message, { path })
}

const TAB = 0x09
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_LIST = 0x5b
const BACKSLASH = 0x5c
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

class JsonReader {
  readonly itemSpans: Span[] = []
  readonly #text: string
  readonly #depthMax: number
  readonly #number = new RegExp(NUMBER)
  /** Of the value being read: keys and indexes, outermost first. */
  readonly #path: (string | number)[] = []
  #position = 0

  constructor(text: string, depthMax: number) {
    this.#text = text
    this.#depthMax = depthMax
  }

  read(): JsonValue {
    const value = this.#value()
    this.#skipWhitespace()
    if (this.#position < this.#text.length) throw this.#unexpected()
    return value
  }

  #value(): JsonValue {
    this.#skipWhitespace()
    switch (this.#text.charCodeAt(this.#position)) {
      case QUOTE:
        return this.#string()
      case OPEN_OBJECT:
        return this.#object()
      case OPEN_LIST:
        return this.#list()
      default:
        return this.#literal()
    }
  }

  #object(): JsonObject {
    const members = new Map<string, JsonValue>()
    this.#open()
    if (this.#takes(CLOSE_OBJECT)) return members
    do {
      this.#skipWhitespace()
      if (this.#text.charCodeAt(this.#position) !== QUOTE) throw this.#unexpected()
      const key = this.#string()
      this.#path.push(key)
      if (members.has(key)) throw invalidJson('a key stands twice in one object', this.#pathText())
      if (!this.#takes(COLON)) throw this.#unexpected()
      members.set(key, this.#value())
      this.#path.pop()
    } while (this.#takes(COMMA))
    if (!this.#takes(CLOSE_OBJECT)) throw this.#unexpected()
    return members
  }

  #list(): readonly JsonValue[] {
    const isTop = this.#path.length === 0
    const items: JsonValue[] = []
    this.#open()
    if (this.#takes(CLOSE_LIST)) return items
    do {
      this.#skipWhitespace()
      const start = this.#position
      this.#path.push(items.length)
      items.push(this.#value())
      this.#path.pop()
      if (isTop) this.itemSpans.push({ start, end: this.#position })
    } while (this.#takes(COMMA))
    if (!this.#takes(CLOSE_LIST)) throw this.#unexpected()
    return items
  }

  /** Each open list or object has one step of the path. */
  #open(): void {
    if (this.#path.length >= this.#depthMax) {
      throw invalidJson(`lists and objects are nested deeper than ${this.#depthMax} levels`)
    }
    this.#position += 1
  }

  #literal(): JsonValue {
    if (this.#takesWord('true')) return true
    if (this.#takesWord('false')) return false
    if (this.#takesWord('null')) return null
    this.#number.lastIndex = this.#position
    if (!this.#number.test(this.#text)) throw this.#unexpected()
    const start = this.#position
    this.#position = this.#number.lastIndex
    return { lexeme: this.#text.slice(start, this.#position) }
  }

  #string(): string {
    const text = this.#text
    const start = this.#position
    let isEscaped = false
    for (let at = start + 1; at < text.length; at += 1) {
      const code = text.charCodeAt(at)
      if (code === QUOTE) {
        this.#position = at + 1
        return isEscaped ? this.#unescape(start) : text.slice(start + 1, at)
      }
      if (code < SPACE) break
      if (code === BACKSLASH) {
        isEscaped = true
        at += 1
      }
    }
    throw this.#unexpected()
  }

  #unescape(start: number): string {
    try {
      const value: unknown = JSON.parse(this.#text.slice(start, this.#position))
      return String(value)
    } catch (cause) {
      this.#position = start
      throw new GatewayError('invalid-json', this.#unexpected().message, { cause })
    }
  }

  #takes(code: number): boolean {
    this.#skipWhitespace()
    if (this.#text.charCodeAt(this.#position) !== code) return false
    this.#position += 1
    return true
  }

  #takesWord(word: string): boolean {
    if (!this.#text.startsWith(word, this.#position)) return false
    this.#position += word.length
    return true
  }

  #skipWhitespace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#position)
      if (code !== SPACE && code !== LINE_FEED && code !== CARRIAGE_RETURN && code !== TAB) return
      this.#position += 1
    }
  }

  #unexpected(): GatewayError {
    const isEnd = this.#position >= this.#text.length
    return invalidJson(
      isEnd ? 'the body ends in the middle of JSON' : `not JSON at character ${this.#position}`,
    )
  }

  #pathText(): string {
    const steps = this.#path.map((step) => {
      if (typeof step === 'number') return `[${step}]`
      return NAME.test(step) ? `.${step}` : `['${step}']`
    })
    return `$${steps.join('')}`
  }
}
