import { CounterSet } from '../statistics/counter-set.ts'

/** What becomes of sessions; a label, so the set is closed. */
export const SESSION_EVENTS = [
  'created',
  'deleted',
  'refreshed',
  'replayed',
  'reused',
  'displaced',
  'full',
] as const
export type SessionEvent = (typeof SESSION_EVENTS)[number]

export const REVOCATION_KINDS = ['session', 'token', 'user', 'everyone'] as const

/** What happened to sessions on this gateway, counted where it happens. */
export class SessionStatistics {
  readonly events = new CounterSet(SESSION_EVENTS)
  /** What administrators revoked. */
  readonly revocations = new CounterSet(REVOCATION_KINDS)
}
