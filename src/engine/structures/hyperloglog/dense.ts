import { HEADER_BYTES, REGISTER_BITS, REGISTER_MAX, REGISTERS } from './header.ts'

/** The register at `index` of the HyperLogLog that starts at `start`. */
export function denseRegister(bytes: Uint8Array, start: number, index: number): number {
  const bit = index * REGISTER_BITS
  const at = start + HEADER_BYTES + (bit >>> 3)
  const shift = bit & 7
  const low = (bytes[at] ?? 0) >>> shift
  // The last register ends with its byte: there is none to look into.
  const high = shift > 8 - REGISTER_BITS ? (bytes[at + 1] ?? 0) << (8 - shift) : 0
  return (low | high) & REGISTER_MAX
}

/** Raises the register to `count`; false when it was there already. */
export function raiseDenseRegister(
  bytes: Uint8Array,
  start: number,
  { index, count }: { readonly index: number; readonly count: number },
): boolean {
  if (denseRegister(bytes, start, index) >= count) return false
  const bit = index * REGISTER_BITS
  const at = start + HEADER_BYTES + (bit >>> 3)
  const shift = bit & 7
  bytes[at] = ((bytes[at] ?? 0) & ~(REGISTER_MAX << shift)) | (count << shift)
  if (shift <= 8 - REGISTER_BITS) return true
  const rest = 8 - shift
  bytes[at + 1] = ((bytes[at + 1] ?? 0) & ~(REGISTER_MAX >>> rest)) | (count >>> rest)
  return true
}

/** Raises each of `maxima` to the register of its place. */
export function mergeDense(maxima: Uint8Array, bytes: Uint8Array, start: number): void {
  for (let index = 0; index < REGISTERS; index += 1) {
    const register = denseRegister(bytes, start, index)
    if (register > (maxima[index] ?? 0)) maxima[index] = register
  }
}
