/**
 * What happened to a key without its being asked for; it can be found no more. The bytes are the engine's: copy
 * what is kept, and read them before the call returns.
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

/** A key that clients may wait for has come, gone, or become something else. */
export type PresenceListener = (
  databaseIndex: number,
  bytes: Uint8Array,
  start: number,
  length: number,
) => void

/** Hands what happens to keys to who listens. While nobody does, telling costs a comparison. */
export class KeyEvents {
  /** Bits of EVENT_CLASSES that somebody wants to hear of. */
  classes = 0
  onEvent: EventListener | undefined
  onPresence: PresenceListener | undefined
  #modificationListeners: readonly ModificationListener[] = []

  /** Whether anybody would hear of a modification, or of an event of any class. */
  get isHeard(): boolean {
    return this.classes !== 0 || this.hearsModifications
  }

  get hearsModifications(): boolean {
    return this.#modificationListeners.length > 0
  }

  /** `listen` false: no longer. */
  onModification(listener: ModificationListener, listen: boolean): void {
    const others = this.#modificationListeners.filter((other) => other !== listener)
    this.#modificationListeners = listen ? [...others, listener] : others
  }

  modified(databaseIndex: number, bytes: Uint8Array, start: number, length: number): void {
    if (!this.hearsModifications) return
    const key = bytes.subarray(start, start + length)
    for (const listener of this.#modificationListeners) listener(databaseIndex, key)
  }

  /** Looked up to be read, and not there. */
  missed(databaseIndex: number, bytes: Uint8Array, start: number, length: number): void {
    if ((this.classes & EVENT_CLASSES.miss) === 0) return
    this.onEvent?.('miss', 'keymiss', databaseIndex, bytes.subarray(start, start + length))
  }

  /** A key there was not. */
  created(databaseIndex: number, bytes: Uint8Array, start: number, length: number): void {
    if ((this.classes & EVENT_CLASSES.created) === 0) return
    this.onEvent?.('created', 'new', databaseIndex, bytes.subarray(start, start + length))
  }

  appeared(databaseIndex: number, bytes: Uint8Array, start: number, length: number): void {
    this.onPresence?.(databaseIndex, bytes, start, length)
  }

  /** Runs `task` unheard: keys that are loaded are no events, and nobody has waited for them. */
  silence(task: () => void): void {
    const { classes, onPresence } = this
    this.classes = 0
    this.onPresence = undefined
    try {
      task()
    } finally {
      this.classes = classes
      this.onPresence = onPresence
    }
  }

  wants(eventClass: EventClass): boolean {
    return (this.classes & EVENT_CLASSES[eventClass]) !== 0
  }
}
