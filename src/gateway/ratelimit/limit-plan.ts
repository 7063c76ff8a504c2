import type { IncomingHttpHeaders } from 'node:http'
import type { ProcedureArgument } from '../../store/index.ts'
import type { PreparedRequest } from '../graphql/operation.ts'
import type { Identity } from '../identity/identity.ts'
import type { CompiledRule } from './compile-rule.ts'
import type { LimitCharge, WindowState } from './take-limits.ts'

/** What limits are told by. */
export interface LimitedRequest {
  readonly identity: Identity
  readonly head: RequestOrigin
  /** `undefined` for what the gateway cannot read and Hasura may. */
  readonly prepared: PreparedRequest | undefined
}

export interface RequestOrigin {
  readonly headers: IncomingHttpHeaders
  readonly socketAddress: string
  readonly trustedHops: number
}

/** What one request asks of all rules that apply to it. */
export interface LimitPlan {
  /** A rule of which the request asks more than there ever is. */
  readonly tooDear: { readonly compiled: CompiledRule; readonly units: number } | undefined
  /** Taken of every request, hits too. */
  readonly enter: readonly SubjectCharge[]
  /** Taken beside it when Hasura is to be asked. */
  readonly reserve: readonly SubjectCharge[]
}

/** What is asked of one subject at once. Lists are parallel to `rules`. */
export interface SubjectCharge {
  readonly subject: Subject
  readonly rules: readonly CompiledRule[]
  readonly keys: readonly Buffer[]
  readonly charges: readonly LimitCharge[]
  /** Of `charges`, for what needs no token. */
  readonly takeArguments: readonly ProcedureArgument[]
  /** What the whole request asks for, in units of the rule. */
  readonly units: readonly number[]
  /** Of units in points, what is not given back; `undefined` where nothing is. */
  readonly fixed: readonly (number | undefined)[]
}

/** Whom some rules count together, remembered with how it was last refused. */
export interface Subject {
  readonly label: string
  readonly rules: readonly CompiledRule[]
  readonly keys: readonly Buffer[]
  readonly refusals: { enter: Refusal | undefined; reserve: Refusal | undefined }
}

/** A refusal that is told again from memory, in time that does not jump. */
export interface Refusal {
  readonly charge: SubjectCharge
  readonly states: readonly WindowState[]
  readonly atMs: number
  readonly untilMs: number
}
