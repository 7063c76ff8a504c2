export interface SingleFlightOptions {
  /** Keys under way at once; further ones fly alone. */
  readonly flightsMax: number
  /** Waiters over all keys; further ones fly alone. */
  readonly waitersMax: number
  readonly waitTimeoutMs: number
}

export interface Flight<T> {
  /** True for one who waited for another's answer. */
  readonly isShared: boolean
  readonly result: T
}

/**
 * One fetch per key in this process: the first to ask leads, the others wait for what it gets. The leader's
 * fetch belongs to no client, so a client that goes away takes nothing from the others. An error is shared
 * with those who wait, never remembered. Those who waited too long ask once more, together: what is slow
 * already must not be asked by all of them at once.
 */
export class SingleFlight<T> {
  readonly #options: SingleFlightOptions
  readonly #flights = new Map<string, Landing<T>>()
  #waiters = 0

  constructor(options: SingleFlightOptions) {
    this.#options = options
  }

  get flights(): number {
    return this.#flights.size
  }

  get waiters(): number {
    return this.#waiters
  }

  async fly(key: string, fetch: () => Promise<T>): Promise<Flight<T>> {
    const landing = this.#flights.get(key)
    if (landing !== undefined && this.#waiters < this.#options.waitersMax) {
      return (await this.#wait(landing)) ?? (await this.#flyAgain(key, landing, fetch))
    }
    if (landing !== undefined || this.#flights.size >= this.#options.flightsMax) {
      return { isShared: false, result: await fetch() }
    }
    return { isShared: false, result: await this.#lead(key, fetch) }
  }

  async #lead(key: string, fetch: () => Promise<T>): Promise<T> {
    const landing = new Landing<T>()
    this.#flights.set(key, landing)
    try {
      const result = await fetch()
      landing.resolve(result)
      return result
    } catch (error) {
      landing.reject(error)
      throw error
    } finally {
      this.#end(key, landing)
    }
  }

  /** `undefined` for one who waited too long. */
  async #wait(landing: Landing<T>): Promise<Flight<T> | undefined> {
    this.#waiters += 1
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), this.#options.waitTimeoutMs)
    })
    try {
      const landed = landing.promise.then((result) => ({ isShared: true, result }))
      return await Promise.race([landed, late])
    } finally {
      clearTimeout(timer)
      this.#waiters -= 1
    }
  }

  /** One further fetch beside the leader's; those it comes too late for wait on, as long as it may take itself. */
  async #flyAgain(key: string, landing: Landing<T>, fetch: () => Promise<T>): Promise<Flight<T>> {
    if (landing.again !== undefined) return { isShared: true, result: await landing.again }
    landing.again = fetch()
    try {
      const result = await landing.again
      // Good for all who still wait for the leader; who comes from now on must not be told it.
      landing.resolve(result)
      this.#end(key, landing)
      return { isShared: false, result }
    } finally {
      landing.again = undefined
    }
  }

  #end(key: string, landing: Landing<T>): void {
    if (this.#flights.get(key) === landing) this.#flights.delete(key)
  }
}

/** What the waiters of one key wait for. */
class Landing<T> {
  readonly promise: Promise<T>
  /** The fetch of those who waited too long. */
  again: Promise<T> | undefined
  #resolve: (result: T) => void = () => undefined
  #reject: (error: unknown) => void = () => undefined

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // The leader itself does not wait for it, and there may be nobody else.
    this.promise.catch(() => undefined)
  }

  resolve(result: T): void {
    this.#resolve(result)
  }

  reject(error: unknown): void {
    this.#reject(error)
  }
}
