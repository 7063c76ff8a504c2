import { Crc64 } from '../structures/crc64.ts'

const SUM_BYTES = 8

/** The sum of all bytes that stands at the end of an RDB file: zero when none is wanted (rdbchecksum). */
export class RdbSum {
  readonly isWanted: boolean
  /** Made with the first bytes: they may be summed up elsewhere. */
  #crc: Crc64 | undefined

  constructor(isWanted: boolean) {
    this.isWanted = isWanted
  }

  update(bytes: Uint8Array): void {
    if (!this.isWanted) return
    this.#crc ??= new Crc64()
    this.#crc.update(bytes)
  }

  /** Nothing more comes. */
  spelled(): Uint8Array {
    const sum = new Uint8Array(SUM_BYTES)
    this.#crc?.writeTo(sum, 0)
    return sum
  }
}
