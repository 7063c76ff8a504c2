import { setTimeout } from 'node:timers/promises'

/** For what no event tells: looks again and again, at most so long as a test may take. */
export async function waitUntil(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setTimeout(1)
}
