import { Crc64 } from '../structures/crc64.ts'

const SUM_BYTES = 8

/** The sum of all bytes that stands at the end of an RDB file: zero when none is wanted (rdbchecksum). */
export class RdbSum {
  readonly #crc: Crc64 | undefined

  constructor(isWanted: boolean) {
    this.#crc = isWanted ? new Crc64() : undefined
  }

  update(bytes: Uint8Array): void {
    this.#crc?.update(bytes)
  }

  /** Nothing more comes. */
  spelled(): Uint8Array {
    const sum = new Uint8Array(SUM_BYTES)
    this.#crc?.writeTo(sum, 0)
    return sum
  }
}
