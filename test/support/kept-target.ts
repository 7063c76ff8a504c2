import type { SaveTarget } from '../../src/engine/persistence/save-target.ts'

/** Keeps what it is given, and how it ended. */
export class KeptTarget implements SaveTarget {
  readonly hasFailed: boolean = false
  readonly isCongested: boolean = false
  readonly pieces: Buffer[] = []
  outcome: 'committed' | 'discarded' | undefined

  get bytes(): Buffer {
    return Buffer.concat(this.pieces)
  }

  write(bytes: Uint8Array, free: (bytes: Uint8Array) => void): void {
    this.pieces.push(Buffer.from(bytes))
    free(bytes)
  }

  drained(): Promise<void> {
    return Promise.resolve()
  }

  complete(): Promise<void> {
    return Promise.resolve()
  }

  commit(): Promise<void> {
    this.outcome = 'committed'
    return Promise.resolve()
  }

  discard(): Promise<void> {
    this.outcome = 'discarded'
    return Promise.resolve()
  }
}
