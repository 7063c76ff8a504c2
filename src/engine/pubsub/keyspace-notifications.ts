import type { ChannelService } from '../execution/channel-service.ts'
import { EVENT_CLASSES, type EventClass, type KeyEvents } from '../keyspace/key-events.ts'

/** The letters of notify-keyspace-events in the order CONFIG GET tells them (notify.c). */
const CLASS_LETTERS: readonly (readonly [letter: string, eventClass: EventClass])[] = [
  ['g', 'generic'],
  ['$', 'string'],
  ['l', 'list'],
  ['s', 'set'],
  ['h', 'hash'],
  ['z', 'sortedSet'],
  ['x', 'expired'],
  ['e', 'evicted'],
  ['t', 'stream'],
  ['d', 'module'],
  ['n', 'created'],
]
const MISS_LETTER = 'm'

/** Publishes what happens to keys, as far as notify-keyspace-events asks for it. */
export class KeyspaceNotifications {
  readonly #events: KeyEvents
  readonly #channels: ChannelService
  #toKeyspace = false
  #toKeyevent = false

  constructor(events: KeyEvents, channels: ChannelService) {
    this.#events = events
    this.#channels = channels
  }

  /** The directive's value, normalized. */
  configure(flags: string): void {
    this.#toKeyspace = flags.includes('K')
    this.#toKeyevent = flags.includes('E')
    const isOn = this.#toKeyspace || this.#toKeyevent
    this.#events.classes = isOn ? classesOf(flags) : 0
    this.#events.onEvent = isOn ? (...event) => this.#publish(...event) : undefined
  }

  #publish(_class: EventClass, event: string, databaseIndex: number, key: Uint8Array): void {
    const name = Buffer.from(event)
    if (this.#toKeyspace) {
      const channel = Buffer.concat([Buffer.from(`__keyspace@${databaseIndex}__:`), key])
      this.#channels.publish('channel', channel, name)
    }
    if (this.#toKeyevent) {
      const channel = Buffer.from(`__keyevent@${databaseIndex}__:${event}`)
      this.#channels.publish('channel', channel, key)
    }
  }
}

function classesOf(flags: string): number {
  let classes = flags.includes(MISS_LETTER) ? EVENT_CLASSES.miss : 0
  for (const [letter, eventClass] of CLASS_LETTERS) {
    // A stands for all but new keys and misses.
    const isMeant = flags.includes(letter) || (flags.includes('A') && eventClass !== 'created')
    if (isMeant) classes |= EVENT_CLASSES[eventClass]
  }
  return classes
}
