import { invariant } from '../../shared/assert.ts'
import type {
  Procedure,
  ProcedureArgument,
  ProcedureDatabase,
  ProcedureReply,
} from '../../store/index.ts'
import { SLIDING_WINDOW_LUA } from './sliding-window-lua.ts'

/** One limit over a window, as the procedure takes it. */
export interface WindowLimit {
  /** 1 to 2^32 - 1. */
  readonly limit: number
  readonly windowMs: number
  readonly slots: number
}

/** What became of one key of a call. */
export interface WindowState {
  readonly remaining: number
  /** When the whole quota is free again. */
  readonly resetMs: number
  /** When the same cost would pass; 0 when this limit did not refuse. */
  readonly retryMs: number
}

/*
 * The window is cut into `slots` equal slots. A key counts the current slot and the `slots` before it, so it
 * always covers a whole window and up to one slot more: in no window of `windowMs`, wherever it begins, is
 * more than `limit` ever admitted. The price is that a unit comes back up to one slot late.
 *
 *   byte 0   number of the current slot: now * slots / windowMs, 48 bits
 *   byte 6   sum of all counts, 32 bits
 *   byte 10  count of the current slot, 32 bits
 *   byte 14  counts of the `slots` before it, 16 bits each, or 32 when the limit is above 65535;
 *            slot n is at n mod slots
 *
 * All numbers big-endian. Within a slot only the first 14 bytes change. A value of another length, or from a
 * clock far ahead of ours, is begun anew. So is one whose rule got another window or slot count: its slot
 * numbers are then far from ours.
 */
const TOTAL_AT = 6
const COUNT_AT = 10
const PAST_AT = 14
const WIDE_LIMIT = 65_535
const SLOTS_MAX = 1_024
const ARGS_PER_KEY = 3
const TWO_32 = 0x1_0000_0000

/** What is known of one key between the two passes of a call; reused, so that a call allocates little. */
class Window {
  limit = 0
  windowMs = 0
  slots = 0
  width = 2
  /** The slot that counts now, and the one that did when the key was last written. */
  slot = 0
  storedSlot = 0
  storedCount = 0
  isNew = false
  total = 0
  /** Of `slot`. */
  count = 0
  retryMs = 0

  get byteLength(): number {
    return PAST_AT + this.slots * this.width
  }

  /** When `slot` no longer counts: a window and a slot after it began. */
  endOfMs(slot: number): number {
    return Math.ceil(((slot + this.slots + 1) * this.windowMs) / this.slots)
  }
}

/**
 * Takes `cost` from several limits of one subject, from all or from none. A negative cost gives back what
 * the current slot still holds of it.
 *
 * Keys: one per limit. Arguments: cost, then limit, windowMs and slots of each key.
 */
export class SlidingWindow implements Procedure<readonly WindowState[]> {
  readonly name = 'sliding-window'
  readonly lua = SLIDING_WINDOW_LUA
  readonly #windows: Window[] = []
  /** A new value: what follows its first bytes is always zero. Reused, for the engine copies. */
  readonly #value = Buffer.alloc(PAST_AT + SLOTS_MAX * 4)
  readonly #start = this.#value.subarray(0, PAST_AT)
  /** The count of a slot that ended, and empty ones after it. */
  readonly #ended = Buffer.alloc(SLOTS_MAX * 4)

  run(
    database: ProcedureDatabase,
    keys: readonly Buffer[],
    args: readonly ProcedureArgument[],
  ): ProcedureReply {
    const cost = Number(args[0])
    const nowMs = database.nowMs()
    let isAllowed = true
    for (let index = 0; index < keys.length; index += 1) {
      const window = this.#window(index)
      readLimit(window, args, 1 + index * ARGS_PER_KEY)
      const bytes = database.get(keyAt(keys, index))
      readState(window, bytes, nowMs)
      window.retryMs = retryMs(window, bytes, cost, nowMs)
      if (window.retryMs > 0) isAllowed = false
    }
    const reply: number[] = []
    for (let index = 0; index < keys.length; index += 1) {
      const window = this.#window(index)
      if (isAllowed) this.#charge(window, database, keyAt(keys, index), cost)
      const resetMs = window.total === 0 ? 0 : window.endOfMs(window.storedSlot) - nowMs
      reply.push(window.limit - window.total, resetMs, window.retryMs)
    }
    return reply
  }

  decode(reply: ProcedureReply): readonly WindowState[] {
    invariant(Array.isArray(reply), 'the sliding window replies with a list')
    const states: WindowState[] = []
    for (let index = 0; index < reply.length; index += 3) {
      const remaining = Number(reply[index])
      // A limit that was lowered since may already be overdrawn.
      states.push({
        remaining: Math.max(remaining, 0),
        resetMs: Number(reply[index + 1]),
        retryMs: Number(reply[index + 2]),
      })
    }
    return states
  }

  #window(index: number): Window {
    let window = this.#windows[index]
    if (window === undefined) {
      window = new Window()
      this.#windows[index] = window
    }
    return window
  }

  #charge(window: Window, database: ProcedureDatabase, key: Buffer, cost: number): void {
    const change = Math.max(cost, -window.count)
    if (change === 0) return
    window.count += change
    window.total += change
    const { slot, storedSlot, isNew } = window
    // Until the slot just written counts no more, wherever within it this is.
    const ttlMs = window.windowMs + Math.ceil(window.windowMs / window.slots)
    if (!isNew && slot > storedSlot) {
      this.#endSlot(window, database, key)
      database.expire(key, ttlMs)
    }
    window.storedSlot = slot
    this.#start.writeUInt16BE(Math.floor(slot / TWO_32), 0)
    this.#start.writeUInt32BE(slot % TWO_32, 2)
    this.#start.writeUInt32BE(window.total, TOTAL_AT)
    this.#start.writeUInt32BE(window.count, COUNT_AT)
    if (isNew) database.set(key, this.#value.subarray(0, window.byteLength), ttlMs)
    else database.setRange(key, 0, this.#start)
  }

  /** Files the count of the slot that ended and empties those that passed since, in at most two pieces. */
  #endSlot(window: Window, database: ProcedureDatabase, key: Buffer): void {
    const { storedSlot, slot, slots, width } = window
    this.#ended.fill(0, 0, 4)
    this.#ended.writeUIntBE(window.storedCount, 0, width)
    const first = storedSlot % slots
    const passed = slot - storedSlot
    const untilEnd = Math.min(passed, slots - first)
    database.setRange(key, PAST_AT + first * width, this.#ended.subarray(0, untilEnd * width))
    if (untilEnd === passed) return
    this.#ended.fill(0, 0, width)
    database.setRange(key, PAST_AT, this.#ended.subarray(0, (passed - untilEnd) * width))
  }
}

/** The arguments of a call: `cost` of every limit, which is -1 to give one back. */
export function windowArguments(
  cost: number,
  limits: readonly WindowLimit[],
): readonly ProcedureArgument[] {
  return [cost, ...limits.flatMap(({ limit, windowMs, slots }) => [limit, windowMs, slots])]
}

function readLimit(window: Window, args: readonly ProcedureArgument[], at: number): void {
  window.limit = Number(args[at])
  window.windowMs = Number(args[at + 1])
  window.slots = Number(args[at + 2])
  window.width = window.limit > WIDE_LIMIT ? 4 : 2
  invariant(window.slots > 0 && window.slots <= SLOTS_MAX, 'a window has 1 to 1024 slots')
}

/** Brings what the key holds to now: slots that left the window are taken off the sum, not yet written. */
function readState(window: Window, bytes: Buffer | undefined, nowMs: number): void {
  const { slots } = window
  const slot = Math.floor((nowMs * slots) / window.windowMs)
  window.isNew = true
  window.storedSlot = slot
  window.slot = slot
  window.total = 0
  window.count = 0
  if (bytes?.length !== window.byteLength) return
  const storedSlot = bytes.readUInt16BE(0) * TWO_32 + bytes.readUInt32BE(2)
  if (Math.abs(slot - storedSlot) > slots) return
  window.isNew = false
  window.storedSlot = storedSlot
  window.storedCount = bytes.readUInt32BE(COUNT_AT)
  window.total = bytes.readUInt32BE(TOTAL_AT)
  if (slot > storedSlot) {
    window.total -= sumOfPast(window, bytes, storedSlot - slots, slot - slots)
    return
  }
  // The same slot, or a clock that went back a little: what is counted stays where it is.
  window.slot = storedSlot
  window.count = window.storedCount
}

/** The counts of slots before the stored one, without `end`. */
function sumOfPast(window: Window, bytes: Buffer, first: number, end: number): number {
  let sum = 0
  let index = first % window.slots
  for (let slot = first; slot < end; slot += 1) {
    sum += pastCount(window, bytes, index)
    index = index + 1 === window.slots ? 0 : index + 1
  }
  return sum
}

/** How long until `cost` fits; 0 when it does now, a whole window when it never will. O(slots) when it does not. */
function retryMs(window: Window, bytes: Buffer | undefined, cost: number, nowMs: number): number {
  let missing = window.total + cost - window.limit
  if (missing <= 0 || cost <= 0) return 0
  if (bytes === undefined || window.isNew) return window.windowMs
  const { slots, storedSlot } = window
  const oldest = window.slot - slots
  let index = oldest % slots
  for (let slot = oldest; slot <= storedSlot; slot += 1) {
    missing -= slot === storedSlot ? window.storedCount : pastCount(window, bytes, index)
    if (missing <= 0) return Math.max(window.endOfMs(slot) - nowMs, 1)
    index = index + 1 === slots ? 0 : index + 1
  }
  return window.windowMs
}

function pastCount(window: Window, bytes: Buffer, index: number): number {
  return window.width === 2
    ? bytes.readUInt16BE(PAST_AT + index * 2)
    : bytes.readUInt32BE(PAST_AT + index * 4)
}

function keyAt(keys: readonly Buffer[], index: number): Buffer {
  const key = keys[index]
  invariant(key !== undefined, 'a key for every limit')
  return key
}
