import type { Client } from '../execution/client.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import type { ScriptFlags } from './script-flags.ts'

/** One call of a script or function, from its start to its reply. */
export interface ScriptRun {
  /** The hash of a script, or the name of a function. */
  readonly name: string
  readonly isEval: boolean
  readonly client: Client
  /** The call itself; valid while it has not been suspended. */
  argv: ArgumentVector
  readonly isReadOnly: boolean
  readonly allowsOutOfMemory: boolean
  /** There was no memory when it began: it may read, and go on writing once it has. */
  readonly isOutOfMemory: boolean
  readonly startedMs: number
  /** The instant that all its commands see. */
  readonly nowMs: number
  protocol: 2 | 3
  /** Who is told of what its commands do: bits of AUDIENCE. */
  audience: number
  hasWritten: boolean
  /** Has run longer than busy-reply-threshold: others are answered BUSY. */
  isBusy: boolean
  isKilled: boolean
}

export interface ScriptCall {
  readonly name: string
  readonly isEval: boolean
  readonly flags: ScriptFlags
  /** By one of the _RO commands. */
  readonly isReadOnly: boolean
}
