import { describe, expect, it } from 'vitest'
import { SingleFlight } from '../../../../src/gateway/cache/single-flight.ts'

const options = { flightsMax: 10, waitersMax: 1_000, waitTimeoutMs: 60_000 }

/** A fetch that lands when it is told to. */
function held(): {
  readonly fetch: () => Promise<string>
  readonly land: (result: string) => void
  readonly fail: (error: Error) => void
  readonly calls: () => number
} {
  const landings: { resolve: (result: string) => void; reject: (error: Error) => void }[] = []
  return {
    fetch: () => new Promise((resolve, reject) => landings.push({ resolve, reject })),
    land: (result) => landings.forEach(({ resolve }) => resolve(result)),
    fail: (error) => landings.forEach(({ reject }) => reject(error)),
    calls: () => landings.length,
  }
}

describe('SingleFlight', () => {
  it('fetches once for 200 that ask for the same key', async () => {
    const flights = new SingleFlight<string>(options)
    const upstream = held()
    const asked = Array.from({ length: 200 }, () => flights.fly('key', upstream.fetch))
    expect([flights.flights, flights.waiters]).toEqual([1, 199])
    upstream.land('answer')
    const answers = await Promise.all(asked)
    expect(upstream.calls()).toBe(1)
    expect(answers.filter(({ isShared }) => isShared)).toHaveLength(199)
    expect(new Set(answers.map(({ result }) => result))).toEqual(new Set(['answer']))
    expect([flights.flights, flights.waiters]).toEqual([0, 0])
  })

  it('fetches for each key', async () => {
    const flights = new SingleFlight<string>(options)
    const upstream = held()
    const asked = ['a', 'b'].map((key) => flights.fly(key, upstream.fetch))
    upstream.land('answer')
    await Promise.all(asked)
    expect(upstream.calls()).toBe(2)
  })

  it('shares an error with those who wait and forgets it', async () => {
    const flights = new SingleFlight<string>(options)
    const upstream = held()
    const asked = [1, 2].map(() => flights.fly('key', upstream.fetch))
    const settled = Promise.allSettled(asked)
    upstream.fail(new Error('down'))
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect((await flights.fly('key', () => Promise.resolve('up'))).result).toBe('up')
  })

  it('lets one fly alone who finds no place to wait', async () => {
    const flights = new SingleFlight<string>({ ...options, waitersMax: 1 })
    const upstream = held()
    const asked = [1, 2, 3].map(() => flights.fly('key', upstream.fetch))
    expect(upstream.calls()).toBe(2)
    upstream.land('answer')
    await Promise.all(asked)
  })

  it('lets one fly alone when too many flights are under way', async () => {
    const flights = new SingleFlight<string>({ ...options, flightsMax: 1 })
    const upstream = held()
    const asked = ['a', 'b', 'b'].map((key) => flights.fly(key, upstream.fetch))
    expect(upstream.calls()).toBe(3)
    upstream.land('answer')
    await Promise.all(asked)
  })

  it('lets those who waited too long ask once more, together', async () => {
    const flights = new SingleFlight<string>({ ...options, waitTimeoutMs: 1 })
    const slow = held()
    const led = flights.fly('key', slow.fetch)
    let calls = 0
    const again = async (): Promise<string> => {
      calls += 1
      return await Promise.resolve(`again ${calls}`)
    }
    const waited = await Promise.all([1, 2, 3].map(() => flights.fly('key', again)))
    expect(waited.map(({ result }) => result)).toEqual(['again 1', 'again 1', 'again 1'])
    expect(waited.filter(({ isShared }) => isShared)).toHaveLength(2)
    // Nobody who comes now waits for what is late, or is told what has landed.
    expect((await flights.fly('key', again)).result).toBe('again 2')
    slow.land('late')
    expect((await led).result).toBe('late')
    expect([flights.flights, flights.waiters]).toEqual([0, 0])
  })

  it('lets one ask again who waited too long', async () => {
    const flights = new SingleFlight<string>({ ...options, waitTimeoutMs: 1 })
    const slow = held()
    const led = flights.fly('key', slow.fetch)
    const waited = await flights.fly('key', () => Promise.resolve('own'))
    expect(waited).toEqual({ isShared: false, result: 'own' })
    slow.land('late')
    expect((await led).result).toBe('late')
  })
})
