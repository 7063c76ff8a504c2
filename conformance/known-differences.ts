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
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    kind: 'deliberate',
    reason:
      'Measures jemalloc, and is run only where INFO names it. The engine keeps values in a slab of its own.',
    tests: { 'unit/type/string': ['trim on SET with big value'] },
    isSkipped: true,
  },
  {
    kind: 'deliberate',
    reason:
      'CONFIG SET port answers before it is known whether the port can be had: Node.js listens a turn later. When it ' +
      'cannot, the log says so, and the engine listens where it did before.',
    tests: { 'unit/introspection': ['CONFIG SET rollback on apply error'] },
  },
]

export function knownIn(unit: string): readonly string[] {
  return KNOWN_DIFFERENCES.flatMap(({ tests }) => tests[unit] ?? [])
}

export function skippedIn(unit: string): readonly string[] {
  return KNOWN_DIFFERENCES.filter(({ isSkipped }) => isSkipped === true).flatMap(
    ({ tests }) => tests[unit] ?? [],
  )
}
