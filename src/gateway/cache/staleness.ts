import type { CacheEntry } from './cache-entry.ts'

/** How long an answer may be served after its time. Never when what it was read from was written. */
export interface Staleness {
  /** At once, while a newer one is fetched for those who come later; 0: never. */
  readonly whileRevalidateMs: number
  /** When the upstream cannot give a newer one; 0: never. */
  readonly ifErrorMs: number
}

export const NEVER_STALE: Staleness = { whileRevalidateMs: 0, ifErrorMs: 0 }

export function longestStaleMs({ whileRevalidateMs, ifErrorMs }: Staleness): number {
  return Math.max(whileRevalidateMs, ifErrorMs)
}

/**
 * What an operator purged softly and has not expired needs no permission of its own: to serve it meanwhile is
 * what he asked for.
 */
export function servesWhileRevalidating(
  entry: CacheEntry,
  staleness: Staleness,
  nowMs: number,
): boolean {
  return nowMs < entry.expiresAtMs + staleness.whileRevalidateMs
}

export function servesIfError(entry: CacheEntry, staleness: Staleness, nowMs: number): boolean {
  return nowMs < entry.expiresAtMs + staleness.ifErrorMs
}
