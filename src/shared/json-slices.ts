import type { Slices } from './slices.ts'

/** Shorter texts take less than a millisecond or two. */
const WHOLE_LENGTH_MAX = 100_000
/** Containers this deep are read as a whole. */
const DEPTH_MAX = 6

/** What `JSON.parse` makes of a text, or throws, with pauses offered: that takes some 8 ms per MB. */
export function* parseJsonSlices(text: string, wholeLengthMax = WHOLE_LENGTH_MAX): Slices<unknown> {
  if (text.length <= wholeLengthMax) return JSON.parse(text)
  const reader = new JsonReader(text, wholeLengthMax)
  const value = yield* readValue(reader, 0)
  reader.expectEnd()
  return value
}

function* readValue(reader: JsonReader, depth: number): Slices<unknown> {
  const start = reader.peek()
  const end = reader.endOfShortValue()
  if (end === undefined && depth < DEPTH_MAX) {
    return start === '[' ? yield* readArray(reader, depth) : yield* readObject(reader, depth)
  }
  yield
  return reader.take(end ?? reader.endOfValue())
}

function* readArray(reader: JsonReader, depth: number): Slices<unknown> {
  const items: unknown[] = []
  reader.expect('[')
  if (reader.isNext(']')) return items
  do items.push(yield* readValue(reader, depth + 1))
  while (reader.isNext(','))
  reader.expect(']')
  return items
}

function* readObject(reader: JsonReader, depth: number): Slices<unknown> {
  const members: [string, unknown][] = []
  reader.expect('{')
  if (reader.isNext('}')) return {}
  do {
    reader.peek()
    const key = reader.take(reader.endOfString())
    reader.expect(':')
    members.push([String(key), yield* readValue(reader, depth + 1)])
  } while (reader.isNext(','))
  reader.expect('}')
  return Object.fromEntries(members)
}

class JsonReader {
  readonly #text: string
  readonly #wholeLengthMax: number
  readonly #brackets = /["[\]{}]/g
  readonly #ends = /[\s,\]}]/g
  #position = 0

  constructor(text: string, wholeLengthMax: number) {
    this.#text = text
    this.#wholeLengthMax = wholeLengthMax
  }

  /** The next character that is no space. */
  peek(): string {
    while (SPACES.has(this.#text.charAt(this.#position))) this.#position += 1
    return this.#text.charAt(this.#position)
  }

  isNext(character: string): boolean {
    if (this.peek() !== character) return false
    this.#position += 1
    return true
  }

  expect(character: string): void {
    if (!this.isNext(character)) throw this.#unexpected()
  }

  expectEnd(): void {
    if (this.peek() !== '') throw this.#unexpected()
  }

  /** What goes up to `end`, or is all that is left. */
  take(end: number | undefined): unknown {
    const value: unknown = JSON.parse(this.#text.slice(this.#position, end))
    this.#position = end ?? this.#text.length
    return value
  }

  /** Where the value that begins here ends; `undefined` for a container too long to be read as a whole. */
  endOfShortValue(): number | undefined {
    return this.endOfValue(this.#wholeLengthMax)
  }

  endOfValue(lengthMax = Number.POSITIVE_INFINITY): number | undefined {
    const first = this.#text.charAt(this.#position)
    if (first === '"') return this.endOfString()
    if (first !== '{' && first !== '[') {
      this.#ends.lastIndex = this.#position
      return this.#ends.exec(this.#text)?.index ?? this.#text.length
    }
    return this.#endOfContainer(lengthMax)
  }

  endOfString(): number {
    if (this.#text.charAt(this.#position) !== '"') throw this.#unexpected()
    return this.#afterString(this.#position)
  }

  #endOfContainer(lengthMax: number): number | undefined {
    let depth = 0
    this.#brackets.lastIndex = this.#position
    for (;;) {
      const found = this.#brackets.exec(this.#text)
      if (found === null) throw this.#unexpected()
      const [bracket] = found
      if (bracket === '"') this.#brackets.lastIndex = this.#afterString(found.index)
      else depth += bracket === '{' || bracket === '[' ? 1 : -1
      if (depth === 0) return this.#brackets.lastIndex
      if (this.#brackets.lastIndex - this.#position > lengthMax) return undefined
    }
  }

  #afterString(start: number): number {
    let end = start
    do {
      end = this.#text.indexOf('"', end + 1)
      if (end < 0) throw this.#unexpected()
    } while (this.#isEscaped(end))
    return end + 1
  }

  #isEscaped(position: number): boolean {
    let first = position
    while (this.#text.charAt(first - 1) === '\\') first -= 1
    return (position - first) % 2 === 1
  }

  #unexpected(): SyntaxError {
    return new SyntaxError(`the JSON is wrong at position ${this.#position}`)
  }
}

const SPACES: ReadonlySet<string> = new Set([' ', '\n', '\r', '\t'])
