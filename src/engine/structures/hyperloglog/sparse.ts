import { raiseDenseRegister } from './dense.ts'
import {
  DENSE,
  DENSE_BYTES,
  HEADER_BYTES,
  markStale,
  REGISTERS,
  SPARSE,
  writeHeader,
} from './header.ts'

/**
 * Registers as runs of equal ones, a byte each or two:
 *
 *   00xxxxxx           xxxxxx + 1 registers are 0               ZERO
 *   01xxxxxx yyyyyyyy  as many as the 14 bits + 1 are 0         XZERO
 *   1vvvvvxx           xx + 1 registers have the value vvvvv+1  VAL
 */
const ZERO_RUN_MAX = 64
const VALUE_RUN_MAX = 4
const VALUE_MAX = 32
const XZERO = 0x40
const VALUE = 0x80
/** Runs around a change that may be joined. */
const JOINED_RUNS_MAX = 5

/** One run, and where it stands. */
interface Run {
  readonly at: number
  readonly bytes: number
  readonly length: number
  readonly value: number
}

/** `dense`: the change asks for another encoding. */
export type RaiseResult = 'unchanged' | 'raised' | 'dense' | 'invalid'

/** A sparse HyperLogLog in memory of its own, to be changed and written back. */
export class SparseHyperLogLog {
  bytes: Uint8Array
  length: number

  private constructor(bytes: Uint8Array, length: number) {
    this.bytes = bytes
    this.length = length
  }

  /** All registers 0. */
  static empty(): SparseHyperLogLog {
    const bytes = new Uint8Array(64)
    writeHeader(bytes, 0, SPARSE)
    bytes.set(zeroRun(REGISTERS), HEADER_BYTES)
    return new SparseHyperLogLog(bytes, HEADER_BYTES + 2)
  }

  /** A copy of these bytes. */
  static from(bytes: Uint8Array, start: number, length: number): SparseHyperLogLog {
    const copy = new Uint8Array(length + 64)
    copy.set(bytes.subarray(start, start + length))
    return new SparseHyperLogLog(copy, length)
  }

  /** False when the runs do not make up all registers. */
  forEachRun(visit: (length: number, value: number, first: number) => void): boolean {
    let first = 0
    for (let at = HEADER_BYTES; at < this.length; ) {
      const run = this.#runAt(at)
      if (run.value > 0 && first + run.length > REGISTERS) return false
      visit(run.length, run.value, first)
      first += run.length
      at += run.bytes
    }
    return first === REGISTERS
  }

  /** Raises one register to `count`, which may cost up to three bytes; beyond `bytesMax` nothing is done. */
  raise(index: number, count: number, bytesMax: number): RaiseResult {
    if (count > VALUE_MAX) return 'dense'
    const found = this.#find(index)
    if (found === undefined) return 'invalid'
    const { run, first, previous } = found
    if (run.value >= count) return 'unchanged'
    const sequence = split(run, { first, index, count })
    const added = sequence.length - run.bytes
    if (added > 0 && this.length + added > bytesMax) return 'dense'
    this.#replace(run.at, run.bytes, sequence)
    this.#join(previous ?? HEADER_BYTES)
    markStale(this.bytes, 0)
    return 'raised'
  }

  /** The same registers, six bits each; `undefined` when the runs are damaged. */
  toDense(): Uint8Array | undefined {
    const dense = new Uint8Array(DENSE_BYTES)
    dense.set(this.bytes.subarray(0, HEADER_BYTES))
    dense[4] = DENSE
    const isValid = this.forEachRun((length, value, first) => {
      if (value === 0) return
      for (let index = first; index < first + length; index += 1) {
        raiseDenseRegister(dense, 0, { index, count: value })
      }
    })
    return isValid ? dense : undefined
  }

  #runAt(at: number): Run {
    const byte = this.bytes[at] ?? 0
    if ((byte & VALUE) !== 0) {
      return { at, bytes: 1, length: (byte & 3) + 1, value: ((byte >>> 2) & 0x1f) + 1 }
    }
    if ((byte & XZERO) === 0) return { at, bytes: 1, length: (byte & 0x3f) + 1, value: 0 }
    const length = (((byte & 0x3f) << 8) | (this.bytes[at + 1] ?? 0)) + 1
    return { at, bytes: 2, length, value: 0 }
  }

  #find(
    index: number,
  ):
    | { readonly run: Run; readonly first: number; readonly previous: number | undefined }
    | undefined {
    let first = 0
    let previous: number | undefined
    for (let at = HEADER_BYTES; at < this.length; ) {
      const run = this.#runAt(at)
      if (index < first + run.length) return { run, first, previous }
      previous = at
      first += run.length
      at += run.bytes
    }
    return undefined
  }

  #replace(at: number, removed: number, sequence: readonly number[]): void {
    const added = sequence.length - removed
    if (this.length + added > this.bytes.length) {
      const larger = new Uint8Array(this.bytes.length * 2)
      larger.set(this.bytes)
      this.bytes = larger
    }
    this.bytes.copyWithin(at + sequence.length, at + removed, this.length)
    this.bytes.set(sequence, at)
    this.length += added
  }

  /** Neighbours of one value become one run where they fit; the same ones as in Redis, for equal bytes. */
  #join(from: number): void {
    let at = from
    for (let seen = 0; seen < JOINED_RUNS_MAX && at < this.length; seen += 1) {
      const run = this.#runAt(at)
      const next = run.value > 0 && at + 1 < this.length ? this.#runAt(at + 1) : undefined
      const isJoined =
        next !== undefined && next.value === run.value && run.length + next.length <= VALUE_RUN_MAX
      if (isJoined) this.#replace(at, 2, [valueRun(run.value, run.length + next.length)])
      else at += run.bytes
    }
  }
}

/** The runs that take the place of one when one of its registers differs. */
function split(
  run: Run,
  {
    first,
    index,
    count,
  }: { readonly first: number; readonly index: number; readonly count: number },
): readonly number[] {
  const part = (length: number): readonly number[] => {
    if (length === 0) return []
    return run.value === 0 ? zeroRun(length) : [valueRun(run.value, length)]
  }
  const before = index - first
  return [...part(before), valueRun(count, 1), ...part(run.length - before - 1)]
}

function zeroRun(length: number): readonly number[] {
  if (length <= ZERO_RUN_MAX) return [length - 1]
  return [((length - 1) >>> 8) | XZERO, (length - 1) & 0xff]
}

function valueRun(value: number, length: number): number {
  return ((value - 1) << 2) | (length - 1) | VALUE
}
