export type Line = string | readonly string[]

/** Commands, split at spaces unless given as arguments. After `~` the order of the reply's lines is free. */
export type Script = readonly Line[]

/** Longer than what is packed. */
export const LONG = 'x'.repeat(100)

/** `f0 … f<count - 1>`, each with a value behind it when asked for. */
export function manyArguments(count: number, prefix: string, withValues = false): string[] {
  return Array.from({ length: count }, (_, index) =>
    withValues ? [`${prefix}${index}`, `v${index}`] : [`${prefix}${index}`],
  ).flat()
}
