/**
 * What a command answers to. One method per RESP3 type; a RESP2 connection gets what RESP2 has for it.
 * Aggregates announce how many elements follow.
 */
export interface ReplyWriter {
  /** HELLO changes it, for its own answer already. */
  protocol: 2 | 3
  /** The text of the last error written; the executor empties it before each command. */
  lastError: string
  /** `+OK` and the like: a fixed word of ours without line breaks. */
  simple(text: string): void
  /** A text of reply-errors.ts, with its code and without the dash. */
  error(text: string): void
  integer(value: number | bigint): void
  /** Copies the bytes at once: they may change after the call. */
  bulk(bytes: Uint8Array, start: number, length: number): void
  /** A bulk string of UTF-8 text. */
  text(value: string): void
  /** `spelling` where it is told with other digits than `formatDouble` gives. */
  double(value: number, spelling?: string): void
  boolean(value: boolean): void
  /** An integer of any length, in decimal digits. */
  bigNumber(text: string): void
  /** Text for humans: INFO. */
  verbatim(text: string): void
  /** Text in a format of three letters, as a script returns it. */
  verbatimBulk(format: string, bytes: Uint8Array, start: number, length: number): void
  null(): void
  array(count: number): void
  nullArray(): void
  /** `count` pairs follow. */
  map(count: number): void
  set(count: number): void
  /** A message that is no answer (RESP3), with so many elements; in RESP2 an array like any other. */
  push(count: number): void
  /** `count` pairs follow about the reply that comes after them; only in RESP3. */
  attribute(count: number): void
}
