import type { CommandFlag } from '../execution/command.ts'

/** What a script or function says of itself (script.c), in the order FUNCTION LIST tells it. */
export const SCRIPT_FLAGS = [
  'no-writes',
  'allow-oom',
  'allow-stale',
  'no-cluster',
  'allow-cross-slot-keys',
] as const

export type ScriptFlag = (typeof SCRIPT_FLAGS)[number]

/** Undefined for a script without a first line that says what it is: it keeps to the rules of before 7.0. */
export type ScriptFlags = ReadonlySet<ScriptFlag> | undefined

/**
 * The flags of one call: a script that says what it is does no more than that (eval.c, scriptFlagsToCmdFlags).
 * Guards ask by them whether it may run.
 */
export function flagsOfCall(
  commandFlags: readonly CommandFlag[],
  stated: ScriptFlags,
): readonly CommandFlag[] {
  if (stated === undefined) return commandFlags
  const flags = new Set(commandFlags)
  for (const flag of ['stale', 'denyoom', 'write', 'may_replicate'] as const) flags.delete(flag)
  const writes = !stated.has('no-writes')
  if (writes) flags.add('write')
  if (writes && !stated.has('allow-oom')) flags.add('denyoom')
  if (stated.has('allow-stale')) flags.add('stale')
  return [...flags]
}

export function parseFlag(text: string): ScriptFlag | undefined {
  return SCRIPT_FLAGS.find((flag) => flag === text)
}
