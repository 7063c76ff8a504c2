/** Keys looked at in one cycle that stay: what is not due today is looked at another time. */
const KEPT_PER_CYCLE_MAX = 64

/**
 * Keys that clients have given an expiry on a replica that may be written to: its primary does not know of them, so
 * that nobody else would tell their end (expire.c, expireSlaveKeys). A name that is not held any more stays until it
 * is looked at.
 */
export class OwnExpiries {
  readonly #names = new Set<string>()
  /** Whether what gets an expiry now is to be remembered: never what the primary sends. */
  isOn = false

  get size(): number {
    return this.#names.size
  }

  add(databaseIndex: number, key: Uint8Array, start: number, length: number): void {
    const name = Buffer.from(key.buffer, key.byteOffset + start, length).toString('latin1')
    this.#names.add(`${databaseIndex} ${name}`)
  }

  clear(): void {
    this.#names.clear()
  }

  /** Looks at those that were added or looked at first; `visit` says whether one is to be kept. */
  run(visit: (databaseIndex: number, key: Uint8Array) => boolean, isOver: () => boolean): void {
    let left = this.#names.size
    let kept = 0
    for (const name of this.#names) {
      if (left === 0 || kept === KEPT_PER_CYCLE_MAX || isOver()) return
      left -= 1
      const space = name.indexOf(' ')
      const key = Buffer.from(name.slice(space + 1), 'latin1')
      this.#names.delete(name)
      if (!visit(Number(name.slice(0, space)), key)) continue
      // Behind the others, where the walk would come to it again.
      this.#names.add(name)
      kept += 1
    }
  }
}
