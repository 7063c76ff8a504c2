import { setImmediate } from 'node:timers/promises'

/** For what no event tells: looks after every turn of the event loop, at most so long as a test may take. */
export async function waitUntil(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setImmediate()
}
