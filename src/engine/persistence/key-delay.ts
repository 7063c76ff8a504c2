import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Clock } from '../../shared/clock.ts'

/** The delay is looked at so often while it is slept. */
const NAP_MS = 20

export interface KeyDelay {
  readonly clock: Clock
  /** Of one key, as it is now: rdb-key-save-delay, key-load-delay. Negative ones are shorter than can be slept. */
  readonly delayUsec: () => number
  readonly isCancelled: () => boolean
}

/** Lets others have a turn, and takes as long as so many keys are to take. */
export async function restAfterKeys(keys: number, delay: KeyDelay): Promise<void> {
  const { clock, delayUsec, isCancelled } = delay
  const startedMs = clock.monotonicMs()
  await setImmediate()
  // Replies to what has come since wait behind the first turn, for the log: they leave before others go on.
  await setImmediate()
  for (;;) {
    const leftMs = (keys * delayUsec()) / 1_000 - (clock.monotonicMs() - startedMs)
    if (leftMs <= 0 || isCancelled()) return
    await setTimeout(Math.min(NAP_MS, leftMs))
  }
}
