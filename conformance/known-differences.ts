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
      'Wants a pause of 20 ms while a set of a million members expires, as an event of LATENCY. The engine frees it in ' +
      'slices and has no such pause to tell of.',
    tests: { 'unit/latency-monitor': ['LATENCY of expire events are correctly collected'] },
  },
  {
    kind: 'deliberate',
    reason:
      'Clients have no buffers of their own while they are idle: all read into one buffer and write from another. ' +
      'CLIENT LIST tells qbuf and rbs of what a client has left unread or half sent.',
    tests: {
      'unit/querybuf': [
        'query buffer resized correctly',
        'query buffer resized correctly when not idle',
      ],
      'unit/replybufsize': ['verify reply buffer limits'],
    },
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
