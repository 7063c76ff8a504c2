import { CounterSet } from '../statistics/counter-set.ts'
import type { AuthSnapshot } from '../statistics/snapshot.ts'

/** How the webhook's word on a request was had; a label, so the set is closed. */
export const HOOK_RESULTS = [
  'accepted',
  'denied',
  'failed',
  'remembered',
  'shared',
  'overloaded',
] as const
export type HookResult = (typeof HOOK_RESULTS)[number]

/** What a look at a jwk_url brought; a label, so the set is closed. */
export const JWKS_RESULTS = ['changed', 'unchanged', 'failed'] as const
export type JwksResult = (typeof JWKS_RESULTS)[number]

/** What the gateway asked others to know who asks. */
export class AuthStatistics {
  readonly hook = new CounterSet<HookResult>(HOOK_RESULTS)
  readonly jwks = new CounterSet<JwksResult>(JWKS_RESULTS)

  snapshot(): AuthSnapshot {
    return { hook: this.hook.snapshot(), jwks: this.jwks.snapshot() }
  }
}
