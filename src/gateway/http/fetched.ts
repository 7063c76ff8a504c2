import type { Filled } from '../cache/response-cache.ts'
import type { DiscardReason } from '../cache/storable.ts'
import type { Identity } from '../identity/identity.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'

/** What one fetch got, for all who waited for it. */
export interface Fetched {
  readonly answer: UpstreamAnswer
  /** As whom it was fetched. */
  readonly identity: Identity
  /** As it was kept, or why it was not. */
  readonly kept: Filled | DiscardReason
  /** A refusal of who asked, not of what was asked. */
  readonly isPersonal: boolean
  /** Another gateway fetched it. */
  readonly isCollapsed: boolean
}
