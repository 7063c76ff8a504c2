import { invariant } from '../../shared/assert.ts'
import type {
  Procedure,
  ProcedureArgument,
  ProcedureDatabase,
  ProcedureReply,
} from '../../store/index.ts'
import { GcraMeter } from './meters/gcra-meter.ts'
import { LeaseMeter } from './meters/lease-meter.ts'
import { LogMeter } from './meters/log-meter.ts'
import type { Meter, MeterCall } from './meters/meter.ts'
import { WindowMeter } from './meters/window-meter.ts'
import { TAKE_LIMITS_LUA } from './take-limits-lua.ts'

/** By number, as the procedure is told it. */
export const METER_KINDS = ['window', 'log', 'gcra', 'lease'] as const
export type MeterKind = (typeof METER_KINDS)[number]

/** What is asked of one key. */
export interface LimitCharge {
  readonly kind: MeterKind
  /** Negative to give back. */
  readonly cost: number
  /** Up to 2^32 - 1. */
  readonly limit: number
  /** Of a lease, how long it lasts. */
  readonly windowMs: number
  /** Slots of a window, burst of a GCRA, else 0. */
  readonly extra: number
  /** Refuses nothing, and is not charged when it would. */
  readonly isShadow: boolean
}

/** What became of one key of a call. */
export interface WindowState {
  readonly remaining: number
  /** When the whole quota is free again. */
  readonly resetMs: number
  /** When the same cost would pass; 0 when this limit did not refuse. */
  readonly retryMs: number
}

export interface TakenLimits {
  /** By the store's clock: what is given back is given back to this instant. */
  readonly atMs: number
  readonly states: readonly WindowState[]
}

/** When what is given back was taken (0: just now), and the token of leases. */
export interface TakeContext {
  readonly atMs?: number
  readonly token?: ProcedureArgument
}

const FIRST_KEY_AT = 2
const ARGS_PER_KEY = 6

/**
 * Takes from several limits of one subject, whatever their algorithms: from all or from none, but for those in
 * shadow. What is given back goes to where it was taken from.
 *
 * Keys: one per limit. Arguments: instant, token, then kind, cost, limit, windowMs, extra and shadow of each
 * key. Replies with the instant, then remaining, resetMs and retryMs of each key.
 */
export class TakeLimits implements Procedure<TakenLimits> {
  readonly name = 'take-limits'
  readonly lua = TAKE_LIMITS_LUA
  /** By position in a call, then by kind; reused, so that a call allocates little. */
  readonly #meters: (Meter | undefined)[][] = []
  readonly #call: MeterCall = {
    nowMs: 0,
    atMs: 0,
    cost: 0,
    limit: 0,
    windowMs: 0,
    extra: 0,
    token: undefined,
  }

  run(
    database: ProcedureDatabase,
    keys: readonly Buffer[],
    args: readonly ProcedureArgument[],
  ): ProcedureReply {
    const call = this.#call
    call.nowMs = database.nowMs()
    call.atMs = Number(args[0])
    if (call.atMs === 0) call.atMs = call.nowMs
    call.token = args[1]
    let isAllowed = true
    for (let index = 0; index < keys.length; index += 1) {
      const meter = this.#meterOf(index, args)
      readCharge(call, args, FIRST_KEY_AT + index * ARGS_PER_KEY)
      meter.open(call, database.get(keyAt(keys, index)))
      if (meter.retryMs > 0 && !isShadow(args, index)) isAllowed = false
    }
    const reply: number[] = [call.nowMs]
    for (let index = 0; index < keys.length; index += 1) {
      const meter = this.#meterOf(index, args)
      if (isAllowed && meter.retryMs === 0) meter.charge(database, keyAt(keys, index))
      reply.push(meter.remaining, meter.resetMs, meter.retryMs)
    }
    return reply
  }

  decode(reply: ProcedureReply): TakenLimits {
    invariant(Array.isArray(reply), 'limits are replied with a list')
    const states: WindowState[] = []
    for (let index = 1; index < reply.length; index += 3) {
      const remaining = Number(reply[index])
      // A limit that was lowered since may already be overdrawn.
      states.push({
        remaining: remaining > 0 ? remaining : 0,
        resetMs: Number(reply[index + 1]),
        retryMs: Number(reply[index + 2]),
      })
    }
    return { atMs: Number(reply[0]), states }
  }

  #meterOf(index: number, args: readonly ProcedureArgument[]): Meter {
    const kind = Number(args[FIRST_KEY_AT + index * ARGS_PER_KEY])
    let kinds = this.#meters[index]
    if (kinds === undefined) {
      kinds = []
      this.#meters[index] = kinds
    }
    let meter = kinds[kind]
    if (meter === undefined) {
      meter = createMeter(METER_KINDS[kind])
      kinds[kind] = meter
    }
    return meter
  }
}

/** The arguments of a call. */
export function limitArguments(
  charges: readonly LimitCharge[],
  { atMs = 0, token = '' }: TakeContext = {},
): readonly ProcedureArgument[] {
  const args: ProcedureArgument[] = [atMs, token]
  for (const { kind, cost, limit, windowMs, extra, isShadow } of charges) {
    args.push(METER_KINDS.indexOf(kind), cost, limit, windowMs, extra, isShadow ? 1 : 0)
  }
  return args
}

export interface WindowLimit {
  readonly limit: number
  readonly windowMs: number
  readonly slots: number
}

/** The arguments to take `cost` from each of several sliding windows. */
export function windowArguments(
  cost: number,
  limits: readonly WindowLimit[],
  context?: TakeContext,
): readonly ProcedureArgument[] {
  const charges = limits.map(({ limit, windowMs, slots }) => {
    return { kind: 'window', cost, limit, windowMs, extra: slots, isShadow: false } as const
  })
  return limitArguments(charges, context)
}

function createMeter(kind: MeterKind | undefined): Meter {
  switch (kind) {
    case 'window':
      return new WindowMeter()
    case 'log':
      return new LogMeter()
    case 'gcra':
      return new GcraMeter()
    case 'lease':
      return new LeaseMeter()
    case undefined:
      throw new RangeError('there is no such meter')
  }
}

function readCharge(call: MeterCall, args: readonly ProcedureArgument[], at: number): void {
  call.cost = Number(args[at + 1])
  call.limit = Number(args[at + 2])
  call.windowMs = Number(args[at + 3])
  call.extra = Number(args[at + 4])
}

function isShadow(args: readonly ProcedureArgument[], index: number): boolean {
  return Number(args[FIRST_KEY_AT + index * ARGS_PER_KEY + 5]) === 1
}

function keyAt(keys: readonly Buffer[], index: number): Buffer {
  const key = keys[index]
  invariant(key !== undefined, 'a key for every limit')
  return key
}
