import { setTimeout } from 'node:timers/promises'

/** For what no event tells: looks again and again, at most so long as a test may take. */
export async function waitUntil(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await setTimeout(1)
}

/** The same of a condition that has to be asked for. */
export async function eventually(condition: () => Promise<boolean>): Promise<void> {
  let isMet = false
  let isAsking = false
  await waitUntil(() => {
    if (isAsking || isMet) return isMet
    isAsking = true
    condition().then(
      (met) => {
        isMet = met
        isAsking = false
      },
      () => {
        isAsking = false
      },
    )
    return isMet
  })
}
