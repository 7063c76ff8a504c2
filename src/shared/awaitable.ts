/**
 * A value now, or a promise of it. What lives in this process answers at once, what lives behind a socket
 * later; `await` takes both, and a hot path may ask `isPromise` to stay synchronous.
 */
export type Awaitable<T> = T | Promise<T>

export function isPromise<T>(value: Awaitable<T>): value is Promise<T> {
  return value instanceof Promise
}

/** What `go` makes of the value: in the same turn when it is there, else when it comes. */
export function chain<T, Made>(
  value: Awaitable<T>,
  go: (value: T) => Awaitable<Made>,
): Awaitable<Made> {
  return isPromise(value) ? value.then(go) : go(value)
}

/** What `work` gives, or what `recover` makes of the error that it throws or rejects with. */
export function recovered<T>(
  work: () => Awaitable<T>,
  recover: (error: unknown) => T,
): Awaitable<T> {
  try {
    const value = work()
    return isPromise(value) ? value.catch(recover) : value
  } catch (error) {
    return recover(error)
  }
}
