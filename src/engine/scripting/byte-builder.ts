import type { LuaVm } from './lua-vm.ts'

const BYTES_MIN = 1_024
/** A larger one is not kept for the next string. */
const BYTES_KEPT = 1_024 ** 2

/** A string that is put together outside of Lua. */
export class ByteBuilder {
  length = 0
  #bytes = Buffer.allocUnsafe(BYTES_MIN)

  clear(): void {
    this.length = 0
    if (this.#bytes.length > BYTES_KEPT) this.#bytes = Buffer.allocUnsafe(BYTES_MIN)
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.length] = value
    this.length += 1
  }

  /** One byte per character. */
  latin1(text: string): void {
    this.#reserve(text.length)
    this.#bytes.write(text, this.length, 'latin1')
    this.length += text.length
  }

  slice(source: Uint8Array, start: number, length: number): void {
    this.#reserve(length)
    this.#bytes.set(source.subarray(start, start + length), this.length)
    this.length += length
  }

  /** So many bytes of an integer, the highest first. */
  bigEndian(value: number, bytes: number): void {
    for (let shift = 8 * (bytes - 1); shift >= 0; shift -= 8) this.byte((value >>> shift) & 0xff)
  }

  int64(value: bigint): void {
    this.#reserve(8)
    this.#bytes.writeBigUInt64BE(BigInt.asUintN(64, value), this.length)
    this.length += 8
  }

  float(value: number, isLittleEndian = false): void {
    this.#reserve(4)
    if (isLittleEndian) this.#bytes.writeFloatLE(value, this.length)
    else this.#bytes.writeFloatBE(value, this.length)
    this.length += 4
  }

  double(value: number, isLittleEndian = false): void {
    this.#reserve(8)
    if (isLittleEndian) this.#bytes.writeDoubleLE(value, this.length)
    else this.#bytes.writeDoubleBE(value, this.length)
    this.length += 8
  }

  /** As a Lua string on the stack. */
  pushTo(vm: LuaVm): void {
    vm.pushBytes(this.#bytes, 0, this.length)
  }

  #reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.length)
    this.#bytes = larger
  }
}
