/**
 * A value now, or a promise of it. What lives in this process answers at once, what lives behind a socket
 * later; `await` takes both, and a hot path may ask `isPromise` to stay synchronous.
 */
export type Awaitable<T> = T | Promise<T>

export function isPromise<T>(value: Awaitable<T>): value is Promise<T> {
  return value instanceof Promise
}
