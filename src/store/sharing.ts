import type { Awaitable } from '../shared/awaitable.ts'

/**
 * Of a store with copies, which lag: what others read may be older than what was written. A store without has none of
 * this: whoever reads it, reads what was written last.
 */
export interface Sharing {
  /**
   * `listener` is called when another one has become the primary: what was written may be lost, and is to be written
   * again. Nothing is read from a copy between the change and the call, and nothing is confirmed before what the
   * listener returns has come.
   */
  onTakeover(listener: () => Awaitable<void>): void
  readonly status: SharingStatus
}

export interface SharingStatus {
  readonly role: 'primary' | 'replica'
  /** Of a replica: `host:port`. */
  readonly primary: string | undefined
  /** Of a primary: `host:port` of another one, which has taken its place. */
  readonly rival: string | undefined
  /** Whether reads are answered from what is here. */
  readonly isCurrent: boolean
  /** How often a replica has lost that. */
  readonly losses: number
  /** Reads that were refused, or asked of the primary, for it. */
  readonly unsureReads: number
  /** How often not all that could have read something old were known to know better, and time had to tell. */
  readonly lateSettlements: number
}
