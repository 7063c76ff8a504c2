import { askRole } from './ask-role.ts'
import type { RemoteAddress } from './store-url.ts'

/** From the one that is named to the one it follows. */
const HOPS_MAX = 2

/**
 * The server at `address`, or the one that it follows, if that says it is a primary; `undefined` when neither does, or
 * neither can be asked within `timeoutMs`.
 */
export async function findPrimary(
  address: RemoteAddress,
  timeoutMs: number,
): Promise<RemoteAddress | undefined> {
  let asked = address
  for (let hop = 0; hop < HOPS_MAX; hop += 1) {
    const report = await askRole(asked, timeoutMs)
    if (typeof report === 'string') return undefined
    if (report.follows === undefined) return asked
    asked = { ...asked, ...report.follows }
  }
  return undefined
}
