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

export function parseFlag(text: string): ScriptFlag | undefined {
  return SCRIPT_FLAGS.find((flag) => flag === text)
}
