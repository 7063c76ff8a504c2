/** Tests of Redis' suite that the engine does not pass, with one reason for all of them. */
export interface KnownDifference {
  readonly kind: 'not built' | 'deliberate'
  readonly reason: string
  /** Names of tests by their unit. */
  readonly tests: Readonly<Record<string, readonly string[]>>
  /** Left out of the run: they never end, or what they leave behind would fail others. */
  readonly isSkipped?: boolean
}

/** docs/CONFORMANCE.md is made from this. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = []

export function knownIn(unit: string): readonly string[] {
  return KNOWN_DIFFERENCES.flatMap(({ tests }) => tests[unit] ?? [])
}

export function skippedIn(unit: string): readonly string[] {
  return KNOWN_DIFFERENCES.filter(({ isSkipped }) => isSkipped === true).flatMap(
    ({ tests }) => tests[unit] ?? [],
  )
}
