/** Bits of a string as Redis counts them: bit 0 is the highest of the first byte (bitops.c). */

const WORD_BYTES = 4

/** Set bits of `length` bytes. */
export function countBits(bytes: Uint8Array, start: number, length: number): number {
  const end = start + length
  const head = Math.min(end, start + unalignedBytes(bytes, start))
  const words = (end - head) >>> 2
  let count = countBytes(bytes, start, head)
  if (words > 0) {
    const view = new Uint32Array(bytes.buffer, bytes.byteOffset + head, words)
    for (const word of view) count += countWord(word)
  }
  return count + countBytes(bytes, head + words * WORD_BYTES, end)
}

/** The first bit at or after `from` and before `to` that is `bit`; -1 when none is. Positions are in bits. */
export function findBit(
  bytes: Uint8Array,
  start: number,
  from: number,
  to: number,
  bit: 0 | 1,
): number {
  const skipped = bit === 1 ? 0 : 0xff
  let at = from
  while (at < to) {
    if ((at & 7) === 0) {
      at = skipBytes(bytes, start, at, to, skipped)
      if (at >= to) return -1
    }
    if (bitAt(bytes, start, at) === bit) return at
    at += 1
  }
  return -1
}

export function bitAt(bytes: Uint8Array, start: number, at: number): 0 | 1 {
  const byte = bytes[start + Math.floor(at / 8)] ?? 0
  return ((byte >>> (7 - (at % 8))) & 1) === 1 ? 1 : 0
}

export function setBitAt(bytes: Uint8Array, start: number, at: number, bit: 0 | 1): void {
  const place = start + Math.floor(at / 8)
  const mask = 1 << (7 - (at % 8))
  const byte = bytes[place] ?? 0
  bytes[place] = bit === 1 ? byte | mask : byte & ~mask
}

/** `width` bits from bit `at` on as an unsigned number; bits from byte `length` on are zeros. */
export function readField(
  value: { readonly bytes: Uint8Array; readonly start: number; readonly length: number },
  at: number,
  width: number,
): bigint {
  const first = Math.floor(at / 8)
  const last = Math.floor((at + width - 1) / 8)
  let field = 0n
  for (let index = first; index <= last; index += 1) {
    const byte = index < value.length ? (value.bytes[value.start + index] ?? 0) : 0
    field = (field << 8n) | BigInt(byte)
  }
  const rest = (last + 1) * 8 - (at + width)
  return BigInt.asUintN(width, field >> BigInt(rest))
}

/** Writes the lowest `width` bits of `field` from bit `at` on; there is room for them. */
export function writeField(
  bytes: Uint8Array,
  start: number,
  at: number,
  { width, field }: { readonly width: number; readonly field: bigint },
): void {
  let rest = BigInt.asUintN(width, field)
  for (let index = at + width - 1; index >= at; index -= 1) {
    setBitAt(bytes, start, index, (rest & 1n) === 1n ? 1 : 0)
    rest >>= 1n
  }
}

/** Passes whole bytes that cannot hold the bit, four at a time where they lie so. */
function skipBytes(
  bytes: Uint8Array,
  start: number,
  at: number,
  to: number,
  skipped: number,
): number {
  let byte = start + at / 8
  const end = start + Math.floor(to / 8)
  const aligned = Math.min(end, byte + unalignedBytes(bytes, byte))
  while (byte < aligned && bytes[byte] === skipped) byte += 1
  if (byte === aligned && byte < end) {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset + byte, (end - byte) >>> 2)
    const pattern = skipped === 0 ? 0 : 0xffff_ffff
    let word = 0
    while (word < words.length && words[word] === pattern) word += 1
    byte += word * WORD_BYTES
    while (byte < end && bytes[byte] === skipped) byte += 1
  }
  return (byte - start) * 8
}

/** Bytes up to the next place where a word may be read. */
function unalignedBytes(bytes: Uint8Array, at: number): number {
  return (WORD_BYTES - ((bytes.byteOffset + at) % WORD_BYTES)) % WORD_BYTES
}

function countBytes(bytes: Uint8Array, from: number, to: number): number {
  let count = 0
  for (let at = from; at < to; at += 1) count += countWord(bytes[at] ?? 0)
  return count
}

/** Adds bits up in pairs, nibbles and bytes at once. */
function countWord(word: number): number {
  let sum = word - ((word >>> 1) & 0x5555_5555)
  sum = (sum & 0x3333_3333) + ((sum >>> 2) & 0x3333_3333)
  sum = (sum + (sum >>> 4)) & 0x0f0f_0f0f
  return Math.imul(sum, 0x0101_0101) >>> 24
}
