import { REGISTERS } from './header.ts'

/** Largest count of zeros that a hash can show, less one. */
const COUNT_MAX = 50
const ALPHA = 0.5 / Math.LN2

/**
 * How many different elements make registers of these values likely; `histogram[v]` registers have the value v
 * (Otmar Ertl, New cardinality estimation algorithms for HyperLogLog sketches, arXiv:1702.01284).
 */
export function estimateCardinality(histogram: Int32Array): number {
  const filled = (histogram[COUNT_MAX + 1] ?? 0) / REGISTERS
  let z = REGISTERS * tau(1 - filled)
  for (let value = COUNT_MAX; value >= 1; value -= 1) z = (z + (histogram[value] ?? 0)) * 0.5
  z += REGISTERS * sigma((histogram[0] ?? 0) / REGISTERS)
  return Math.round((ALPHA * REGISTERS * REGISTERS) / z)
}

export function histogramOf(registers: Uint8Array): Int32Array {
  const histogram = new Int32Array(64)
  for (const value of registers) histogram[value] = (histogram[value] ?? 0) + 1
  return histogram
}

function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY
  let x = share
  let y = 1
  let sum = share
  for (;;) {
    x *= x
    const before = sum
    sum += x * y
    y += y
    if (sum === before) return sum
  }
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0
  let x = share
  let y = 1
  let sum = 1 - share
  for (;;) {
    x = Math.sqrt(x)
    const before = sum
    y *= 0.5
    sum -= (1 - x) ** 2 * y
    if (sum === before) return sum / 3
  }
}
