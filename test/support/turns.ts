import { setImmediate } from 'node:timers/promises'
import type { Random } from '../../src/shared/random.ts'
import type { Store } from '../../src/store/index.ts'

/** Decides who goes on next: whatever takes time in the world waits for its turn here. */
export class Turns {
  /** What happens between two turns besides. */
  between: () => void = () => undefined
  readonly #random: Random
  readonly #waiting: (() => void)[] = []

  constructor(random: Random) {
    this.#random = random
  }

  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Until `work` has ended, in an order drawn at random. */
  async run(work: readonly Promise<void>[]): Promise<void> {
    let isOver = false
    const end = Promise.all(work).finally(() => {
      isOver = true
    })
    while (!isOver) {
      await setImmediate()
      this.between()
      const index = this.#random.uint32() % Math.max(1, this.#waiting.length)
      this.#waiting.splice(index, 1)[0]?.()
    }
    await end
  }
}

/**
 * A store behind a network: each request and each answer takes its time. `check` throws when one of them cannot get
 * through.
 */
export function distantStore(
  store: Store,
  turns: Turns,
  check: () => void = () => undefined,
): Store {
  const ask = async <T>(execute: () => T): Promise<Awaited<T>> => {
    await turns.next()
    check()
    const answer = await execute()
    await turns.next()
    check()
    return answer
  }
  return {
    name: store.name,
    start: () => store.start(),
    stop: () => store.stop(),
    ping: () => ask(() => store.ping()),
    get: (key) => ask(() => store.get(key)),
    getMany: (keys) => ask(() => store.getMany(keys)),
    set: (key, value, options) => ask(() => store.set(key, value, options)),
    delete: (keys) => ask(() => store.delete(keys)),
    run: (procedure, keys, args) => ask(() => store.run(procedure, keys, args)),
    touch: (key, ttlMs) => ask(() => store.touch(key, ttlMs)),
    confirm: () => store.confirm(),
    info: () => ask(() => store.info()),
  }
}
