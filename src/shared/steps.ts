import { nth } from './assert.ts'
import { type Awaitable, isPromise } from './awaitable.ts'

/**
 * A function written once, top to bottom, that stays in one turn of the event loop as long as everything
 * it asks answers at once, and becomes asynchronous at the first thing that does not. An `async` function
 * costs promises and turns on every call; this costs a generator, of which each further one inside adds most
 * of a microsecond (Node.js 20, 2026-11): on the path of a cache hit it is `chain` and `recovered` instead.
 */
export type Steps<T> = Generator<Promise<void>, T, void>

/** `const answer = yield* settled(ask())`, inside steps: what `await` is inside an async function. */
export function* settled<T>(value: Awaitable<T>): Steps<T> {
  if (!isPromise(value)) return value
  const results: { readonly result: T }[] = []
  yield value.then((result) => {
    results.push({ result })
  })
  return nth(results, 0).result
}

export function runSteps<T>(steps: Steps<T>): Awaitable<T> {
  const first = steps.next()
  return first.done === true ? first.value : resumeSteps(steps, first.value)
}

async function resumeSteps<T>(steps: Steps<T>, firstWait: Promise<void>): Promise<T> {
  let wait = firstWait
  for (;;) {
    const next = await wait.then(
      () => steps.next(),
      (error: unknown) => steps.throw(error),
    )
    if (next.done === true) return next.value
    wait = next.value
  }
}
