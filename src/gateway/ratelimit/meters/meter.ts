import { invariant } from '../../../shared/assert.ts'
import type { ProcedureArgument, ProcedureDatabase } from '../../../store/index.ts'

/** What one key of a call is asked for; reused from key to key. */
export interface MeterCall {
  nowMs: number
  /** When what is given back was taken; now, for what is taken. */
  atMs: number
  /** Negative to give back. */
  cost: number
  limit: number
  windowMs: number
  /** Slots of a window, burst of a GCRA. */
  extra: number
  /** Eight bytes that name a lease. */
  token: ProcedureArgument | undefined
}

/** One algorithm at work on one key. What it holds is of the key that it was opened with last. */
export interface Meter {
  readonly remaining: number
  /** When the whole quota is free again; 0 when it is. */
  readonly resetMs: number
  /** When the same cost would pass; 0 when it does now. */
  readonly retryMs: number
  /** Reads the key, and writes nothing. `bytes` are a view that the next call on the database ends. */
  open(call: MeterCall, bytes: Buffer | undefined): void
  /** Writes what was asked for when it was opened. */
  charge(database: ProcedureDatabase, key: Buffer): void
}

const TWO_32 = 0x1_0000_0000

/** 48 bits, big-endian. */
export function readInstant(bytes: Buffer, offset: number): number {
  return bytes.readUInt16BE(offset) * TWO_32 + bytes.readUInt32BE(offset + 2)
}

export function writeInstant(bytes: Buffer, offset: number, value: number): void {
  invariant(value >= 0, 'an instant is after 1970')
  bytes.writeUInt16BE(Math.floor(value / TWO_32), offset)
  bytes.writeUInt32BE(value % TWO_32, offset + 2)
}
