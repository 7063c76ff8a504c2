import { HandleList } from '../memory/handle-list.ts'

/** What SCAN's cursor goes through. */
export interface Scanned {
  scan(cursor: number, found: HandleList): number
}

/**
 * Goes through a collection that nobody changes, and may stop for long in between. Each element comes once: reading it
 * meanwhile lets its table move to the size it is to have, which SCAN's order allows for, but begins no such move. An
 * object to be used again: `start`, then `next` until it gives false.
 */
export class ScanWalk {
  readonly #found = new HandleList()
  #scanned: Scanned | undefined
  #index = 0
  #cursor = 0
  #isBegun = false
  /** Of the element that `next` has come to, as the collection names it. */
  position = 0

  start(scanned: Scanned): void {
    this.#scanned = scanned
    this.#found.clear()
    this.#index = 0
    this.#cursor = 0
    this.#isBegun = false
  }

  next(): boolean {
    const found = this.#found
    while (this.#index === found.count) {
      if (this.#scanned === undefined || (this.#isBegun && this.#cursor === 0)) return false
      found.clear()
      this.#index = 0
      this.#cursor = this.#scanned.scan(this.#cursor, found)
      this.#isBegun = true
    }
    this.position = found.at(this.#index)
    this.#index += 1
    return true
  }
}
