import { Crc64 } from '../structures/crc64.ts'
import { MARK_BYTES } from './end-mark.ts'

const SUM_BYTES = 8
const MAGIC = /^REDIS(\d{4})$/
const MAGIC_BYTES = 9
/** From this version on a sum stands at the end, all zero when nobody reckoned it. */
const SUM_SINCE_VERSION = 5
/** May still turn out to be no part of what is summed up. */
const HELD_BYTES = SUM_BYTES + MARK_BYTES

/** Tells whether a copy is what its own sum says, before anything is given up for it. Reckoned while it comes. */
export class CopySum {
  readonly #sum = new Crc64()
  #head = ''
  #held = Buffer.alloc(0)

  add(bytes: Uint8Array): void {
    if (this.#head.length < MAGIC_BYTES) {
      this.#head += Buffer.from(bytes.subarray(0, MAGIC_BYTES)).toString('latin1')
    }
    const surplus = this.#held.length + bytes.length - HELD_BYTES
    const fromHeld = Math.min(this.#held.length, Math.max(0, surplus))
    const fromBytes = Math.max(0, surplus - fromHeld)
    if (fromHeld > 0) this.#sum.update(this.#held, 0, fromHeld)
    if (fromBytes > 0) this.#sum.update(bytes, 0, fromBytes)
    this.#held = Buffer.concat([this.#held.subarray(fromHeld), bytes.subarray(fromBytes)])
  }

  /** `behind` bytes came that are no part of the copy. */
  isRight(behind: number): boolean {
    const [, version] = MAGIC.exec(this.#head.slice(0, MAGIC_BYTES)) ?? []
    const rest = this.#held.subarray(0, Math.max(0, this.#held.length - behind))
    if (!(Number(version) >= 1) || rest.length < SUM_BYTES) return false
    if (Number(version) < SUM_SINCE_VERSION) return true
    const told = rest.subarray(-SUM_BYTES)
    if (told.every((byte) => byte === 0)) return true
    this.#sum.update(rest, 0, rest.length - SUM_BYTES)
    const sum = Buffer.alloc(SUM_BYTES)
    this.#sum.writeTo(sum, 0)
    return sum.equals(told)
  }
}
