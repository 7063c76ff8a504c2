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
 * with those who wait, never remembered. Who waited too long asks alone.
 */
export class SingleFlight<T> {
  readonly #options: SingleFlightOptions
  readonly #flights = new Map<string, Promise<T>>()
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
    const flight = this.#flights.get(key)
    if (flight !== undefined && this.#waiters < this.#options.waitersMax) {
      return await this.#wait(flight, fetch)
    }
    if (flight !== undefined || this.#flights.size >= this.#options.flightsMax) {
      return { isShared: false, result: await fetch() }
    }
    return { isShared: false, result: await this.#lead(key, fetch) }
  }

  async #lead(key: string, fetch: () => Promise<T>): Promise<T> {
    const flight = fetch()
    this.#flights.set(key, flight)
    try {
      return await flight
    } finally {
      this.#flights.delete(key)
    }
  }

  async #wait(flight: Promise<T>, fetch: () => Promise<T>): Promise<Flight<T>> {
    this.#waiters += 1
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), this.#options.waitTimeoutMs)
    })
    try {
      const landed = flight.then((result) => ({ isShared: true, result }))
      const shared = await Promise.race([landed, late])
      if (shared !== undefined) return shared
    } finally {
      clearTimeout(timer)
      this.#waiters -= 1
    }
    return { isShared: false, result: await fetch() }
  }
}
