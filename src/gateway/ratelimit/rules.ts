import { createHash } from 'node:crypto'
import type { ProcedureArgument } from '../../store/index.ts'
import type { Identity } from '../identity/identity.ts'
import { limitKey } from '../keys.ts'
import type { RateLimitRule } from '../options.ts'
import { addressBlock } from './client-ip.ts'
import { windowArguments } from './sliding-window.ts'

/** The rules that count the same subject: taken from in one step, all or none. */
export interface RuleGroup {
  readonly subject: string
  readonly rules: readonly RateLimitRule[]
  readonly keys: readonly Buffer[]
  readonly takeArguments: readonly ProcedureArgument[]
  readonly giveBackArguments: readonly ProcedureArgument[]
}

/** Rules that apply to a role: those it is named in, and those that name none, unless it is admin. */
export function rulesOfRole(
  rules: readonly RateLimitRule[],
  role: string,
): readonly RateLimitRule[] {
  return rules.filter(({ roles }) =>
    roles === undefined ? role !== 'admin' : roles.includes(role),
  )
}

/** Whom a rule counts together, for people to read. */
export function subjectOf(
  rule: Pick<RateLimitRule, 'per'>,
  identity: Identity,
  clientIp: string,
): string {
  switch (rule.per) {
    case 'role':
      return `role ${identity.role}`
    case 'ip':
      return `ip ${addressBlock(clientIp)}`
    case 'user':
      return userOf(identity) ?? `ip ${addressBlock(clientIp)}`
  }
}

/** True when no subject of these rules depends on where the request comes from. */
export function isIndependentOfIp(rules: readonly RateLimitRule[], identity: Identity): boolean {
  return rules.every(
    ({ per }) => per === 'role' || (per === 'user' && userOf(identity) !== undefined),
  )
}

export function createRuleGroup(subject: string, rules: readonly RateLimitRule[]): RuleGroup {
  const digest = digestOf(subject)
  return {
    subject,
    rules,
    keys: rules.map((rule) => limitKey(rule.name, digest)),
    takeArguments: windowArguments(1, rules),
    giveBackArguments: windowArguments(-1, rules),
  }
}

/**
 * `undefined` when nobody vouches for who it is. The session variables of the unauthorized role are what the
 * client wrote: with a new user id per request it would never be limited, with another's it would use theirs up.
 */
function userOf(identity: Identity): string | undefined {
  if (identity.kind === 'unauthorized') return undefined
  if (identity.userId !== undefined) return `user ${identity.userId}`
  // The id is as good as a password; its digest names the session as well.
  return identity.sessionId === undefined ? undefined : `session ${digestOf(identity.sessionId)}`
}

/** Keys are of one length, and nobody's name is read in them: 128 bits of SHA-256. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url')
}
