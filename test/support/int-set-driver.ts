import type { ByteRegion } from '../../src/engine/structures/byte-region.ts'
import {
  addToIntSet,
  EMPTY_INT_SET_BYTES,
  intSetAt,
  intSetSize,
  writeEmptyIntSet,
} from '../../src/engine/structures/int-set.ts'
import type { Int64 } from '../../src/engine/structures/int64.ts'
import { ArrayRegion } from './array-region.ts'

export function intSetOf(integers: readonly Int64[]): ByteRegion {
  const region = new ArrayRegion(new Uint8Array(EMPTY_INT_SET_BYTES), 3)
  writeEmptyIntSet(region.bytes, region.start)
  for (const integer of integers) addToIntSet(region, integer)
  return region
}

export function integersOf(region: ByteRegion): Int64[] {
  const size = intSetSize(region.bytes, region.start)
  return Array.from({ length: size }, (_, index) => intSetAt(region.bytes, region.start, index))
}

export function hexOf(region: ByteRegion): string {
  return Buffer.from(region.bytes.subarray(region.start, region.start + region.length)).toString(
    'hex',
  )
}
