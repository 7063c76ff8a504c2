import type { Random } from '../../shared/random.ts'

/** 24 bits, as in Redis (server.h, LRU_BITS). */
const LRU_MASK = 0xff_ffff
const MINUTES_MASK = 0xffff
const COUNTER_MAX = 255
/** What a new key starts with, so that it is not evicted at once (evict.c, LFU_INIT_VAL). */
const COUNTER_INITIAL = 5

export interface AccessSettings {
  /** What the 24 bits hold. */
  mode: 'lru' | 'lfu'
  lfuLogFactor: number
  lfuDecayMinutes: number
}

/**
 * How recently or how often a key was used, in the 24 bits a record has for it: the second of the last use
 * (LRU), or the minute of the last decrement and a logarithmic counter (LFU), as evict.c of Redis does.
 */
export class Access {
  readonly settings: AccessSettings = { mode: 'lru', lfuLogFactor: 10, lfuDecayMinutes: 1 }
  readonly #random: Random
  #seconds = 0
  #minutes = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Once per turn: what a second of the same turn would read is the same. */
  advance(nowMs: number): void {
    this.#seconds = Math.floor(nowMs / 1_000) & LRU_MASK
    this.#minutes = Math.floor(nowMs / 60_000) & MINUTES_MASK
  }

  /** The second of this turn as records keep it: INFO's lru_clock. */
  get clockSeconds(): number {
    return this.#seconds
  }

  /** The bits of a key just made. */
  initial(): number {
    return this.settings.mode === 'lru' ? this.#seconds : (this.#minutes << 8) | COUNTER_INITIAL
  }

  /** The bits after one more use. */
  touched(access: number): number {
    if (this.settings.mode === 'lru') return this.#seconds
    return (this.#minutes << 8) | this.#incremented(this.frequency(access))
  }

  idleSeconds(access: number): number {
    return (this.#seconds - access) & LRU_MASK
  }

  /** The bits of a key that was used so long ago. */
  ofIdleSeconds(seconds: number): number {
    return (this.#seconds - Math.min(seconds, LRU_MASK)) & LRU_MASK
  }

  /** The bits of a key that is used so often. */
  ofFrequency(frequency: number): number {
    return (this.#minutes << 8) | frequency
  }

  /** The counter, less one for each period without use. */
  frequency(access: number): number {
    const counter = access & 0xff
    const periodMinutes = this.settings.lfuDecayMinutes
    if (periodMinutes === 0) return counter
    const elapsedMinutes = (this.#minutes - (access >>> 8)) & MINUTES_MASK
    return Math.max(0, counter - Math.floor(elapsedMinutes / periodMinutes))
  }

  /** The higher, the sooner to be evicted. */
  evictionScore(access: number): number {
    return this.settings.mode === 'lru'
      ? this.idleSeconds(access)
      : COUNTER_MAX - this.frequency(access)
  }

  #incremented(counter: number): number {
    if (counter >= COUNTER_MAX) return COUNTER_MAX
    const base = Math.max(0, counter - COUNTER_INITIAL)
    const chance = 1 / (base * this.settings.lfuLogFactor + 1)
    return this.#random.next() < chance ? counter + 1 : counter
  }
}
