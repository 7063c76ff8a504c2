/**
 * What happened to a key without its being asked for. The bytes are the engine's: copy what is kept, and
 * read them before the call returns.
 */
export interface RemovalListener {
  (reason: 'expired' | 'evicted', databaseIndex: number, key: Uint8Array): void
}

export const ignoreRemovals: RemovalListener = () => undefined

/** Classes of keyspace events by the letter of notify-keyspace-events (notify.c), one bit each. */
export const EVENT_CLASSES = {
  generic: 1 << 0,
  string: 1 << 1,
  list: 1 << 2,
  set: 1 << 3,
  hash: 1 << 4,
  sortedSet: 1 << 5,
  expired: 1 << 6,
  evicted: 1 << 7,
  stream: 1 << 8,
  miss: 1 << 9,
  module: 1 << 10,
  created: 1 << 11,
} as const

export type EventClass = keyof typeof EVENT_CLASSES

/** A key's value or expiry has changed: WATCH and client tracking. The bytes are valid during the call. */
export type ModificationListener = (databaseIndex: number, key: Uint8Array) => void

/** A keyspace event, under Redis' name for it. The bytes are valid during the call. */
export type EventListener = (
  eventClass: EventClass,
  event: string,
  databaseIndex: number,
  key: Uint8Array,
) => void

/** Hands what happens to keys to who listens. While nobody does, telling costs a comparison. */
export class KeyEvents {
  /** Bits of EVENT_CLASSES that somebody wants to hear of. */
  classes = 0
  onEvent: EventListener | undefined
  onModification: ModificationListener | undefined

  modified(databaseIndex: number, bytes: Uint8Array, start: number, length: number): void {
    this.onModification?.(databaseIndex, bytes.subarray(start, start + length))
  }

  wants(eventClass: EventClass): boolean {
    return (this.classes & EVENT_CLASSES[eventClass]) !== 0
  }
}
