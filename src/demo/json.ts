import { invariant } from '../shared/assert.ts'

/**
 * JSON that keeps numbers as written. `JSON.parse` would round a bigint or a long numeric before
 * Postgres sees it; here a number is the text the client sent.
 */
export class NumberLexeme {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type JsonObject = ReadonlyMap<string, JsonValue>
export type JsonValue = null | boolean | string | NumberLexeme | readonly JsonValue[] | JsonObject

export const EMPTY_OBJECT: JsonObject = new Map()

export function isList(value: unknown): value is readonly JsonValue[] {
  return Array.isArray(value)
}

export function isObject(value: unknown): value is JsonObject {
  return value instanceof Map
}

/** Throws SyntaxError, as `JSON.parse` does. Of two equal keys in an object the last wins. */
export function parseJson(text: string): JsonValue {
  const reader = new JsonReader(text)
  const value = reader.value(0)
  reader.end()
  return value
}

export function printJson(value: JsonValue): string {
  if (value instanceof NumberLexeme) return value.text
  if (isList(value)) return `[${value.map(printJson).join(',')}]`
  if (isObject(value)) {
    const members = [...value].map(([key, member]) => `${JSON.stringify(key)}:${printJson(member)}`)
    return `{${members.join(',')}}`
  }
  return JSON.stringify(value)
}

/** For values that already went through `JSON.parse` or YAML; what JSON cannot hold becomes null. */
export function fromJavaScript(value: unknown): JsonValue {
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' || typeof value === 'bigint') return new NumberLexeme(String(value))
  if (value instanceof NumberLexeme) return value
  if (Array.isArray(value)) return value.map(fromJavaScript)
  if (typeof value !== 'object' || value === null) return null
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  return new Map(entries.map(([key, member]) => [String(key), fromJavaScript(member)]))
}

/** The way back, for code that wants plain values and can live with rounded numbers. */
export function toJavaScript(value: JsonValue): unknown {
  if (value instanceof NumberLexeme) return Number(value.text)
  if (isList(value)) return value.map(toJavaScript)
  if (isObject(value)) {
    return Object.fromEntries([...value].map(([key, member]) => [key, toJavaScript(member)]))
  }
  return value
}

/** A value that its schema already promised to be a string. */
export function textOf(value: unknown): string {
  invariant(typeof value === 'string', 'a string is expected here')
  return value
}

/** Deeper input would overflow the stack long before it could mean anything. */
const DEPTH_MAX = 500

/** Finds where a string ends; what is inside it `JSON.parse` judges. */
const TOKEN =
  /[ \t\n\r]*(?:([{}[\],:])|(true|false|null)|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|("[^"\\]*(?:\\.[^"\\]*)*"))/sy
const WHITESPACE: ReadonlySet<string> = new Set([' ', '\t', '\n', '\r'])
const KEYWORDS = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
])

class JsonReader {
  readonly #text: string
  readonly #pattern = new RegExp(TOKEN)
  #position = 0

  constructor(text: string) {
    this.#text = text
  }

  value(depth: number): JsonValue {
    if (depth > DEPTH_MAX) throw new SyntaxError(`JSON nested deeper than ${DEPTH_MAX} levels`)
    const { punctuator, keyword, number, string } = this.#token()
    if (string !== undefined) return String(JSON.parse(string))
    if (number !== undefined) return new NumberLexeme(number)
    if (keyword !== undefined) return KEYWORDS.get(keyword) ?? null
    if (punctuator === '{') return this.#object(depth)
    if (punctuator === '[') return this.#list(depth)
    throw this.#unexpected()
  }

  end(): void {
    if (this.#text.slice(this.#position).trim() !== '') throw this.#unexpected()
  }

  #object(depth: number): JsonObject {
    const members = new Map<string, JsonValue>()
    if (this.#take('}')) return members
    do {
      const { string } = this.#token()
      if (string === undefined) throw this.#unexpected()
      const key = String(JSON.parse(string))
      this.#expect(':')
      members.set(key, this.value(depth + 1))
    } while (this.#take(','))
    this.#expect('}')
    return members
  }

  #list(depth: number): readonly JsonValue[] {
    const items: JsonValue[] = []
    if (this.#take(']')) return items
    do items.push(this.value(depth + 1))
    while (this.#take(','))
    this.#expect(']')
    return items
  }

  #expect(punctuator: string): void {
    if (!this.#take(punctuator)) throw this.#unexpected()
  }

  #take(punctuator: string): boolean {
    let position = this.#position
    while (WHITESPACE.has(this.#text.charAt(position))) position += 1
    if (this.#text.charAt(position) !== punctuator) return false
    this.#position = position + 1
    return true
  }

  #token(): Record<'punctuator' | 'keyword' | 'number' | 'string', string | undefined> {
    this.#pattern.lastIndex = this.#position
    const match = this.#pattern.exec(this.#text)
    if (match === null) throw this.#unexpected()
    this.#position = this.#pattern.lastIndex
    const [, punctuator, keyword, number, string] = match
    return { punctuator, keyword, number, string }
  }

  #unexpected(): SyntaxError {
    return new SyntaxError(`unexpected JSON at character ${this.#position}`)
  }
}
