import type { ReplyWriter } from './reply-writer.ts'

/** An error reply as a value: its text has the code in front, as `message`. */
export class EngineReplyError extends Error {
  override readonly name = 'EngineReplyError'
}

/** A reply as JavaScript: status and verbatim texts are strings, bulks Buffers, maps arrays of pairs. */
export type Reply = string | Buffer | number | bigint | boolean | null | EngineReplyError | Reply[]

interface OpenArray {
  readonly items: Reply[]
  missing: number
}

/** Builds the values of a reply, for callers in this process. */
export class ValueWriter implements ReplyWriter {
  protocol: 2 | 3 = 3
  lastError = ''
  #result: Reply = null
  readonly #open: OpenArray[] = []

  /** The reply that was written. */
  take(): Reply {
    const result = this.#result
    this.#result = null
    if (this.#open.length > 0) this.#open.length = 0
    return result
  }

  simple(text: string): void {
    this.#add(text)
  }

  error(text: string): void {
    this.lastError = text
    this.#add(new EngineReplyError(text))
  }

  integer(value: number | bigint): void {
    this.#add(value)
  }

  bulk(bytes: Uint8Array, start: number, length: number): void {
    this.#add(Buffer.from(bytes.subarray(start, start + length)))
  }

  text(value: string): void {
    this.#add(Buffer.from(value))
  }

  double(value: number): void {
    this.#add(value)
  }

  boolean(value: boolean): void {
    this.#add(value)
  }

  bigNumber(text: string): void {
    this.#add(text)
  }

  verbatimBulk(_format: string, bytes: Uint8Array, start: number, length: number): void {
    this.bulk(bytes, start, length)
  }

  verbatim(text: string): void {
    this.#add(text)
  }

  null(): void {
    this.#add(null)
  }

  nullArray(): void {
    this.#add(null)
  }

  array(count: number): void {
    this.#begin(count)
  }

  map(count: number): void {
    this.#begin(count * 2)
  }

  set(count: number): void {
    this.#begin(count)
  }

  push(count: number): void {
    this.#begin(count)
  }

  /** What is said about a reply is dropped. */
  attribute(count: number): void {
    if (count > 0) this.#open.push({ items: [], missing: count * 2 })
  }

  #begin(count: number): void {
    const items: Reply[] = []
    this.#add(items)
    if (count > 0) this.#open.push({ items, missing: count })
  }

  #add(value: Reply): void {
    const open = this.#open.at(-1)
    if (open === undefined) {
      this.#result = value
      return
    }
    open.items.push(value)
    open.missing -= 1
    // An array that is this one's last element is pushed above it next: full ones are dropped from below.
    if (open.missing === 0) this.#open.pop()
  }
}
