/** What a command does to a key it names (server.h, CMD_KEY_*), as COMMAND INFO tells it. */
export type KeyFlag =
  /** Reads, or writes in part, or overwrites, or removes the value. */
  | 'RO'
  | 'RW'
  | 'OW'
  | 'RM'
  /** Tells of the value; changes, adds to, or takes from it. */
  | 'access'
  | 'update'
  | 'insert'
  | 'delete'
  /** No key, but hashed to a slot as one: a shard channel. */
  | 'not_key'
  /** There may be more keys than the specification finds. */
  | 'incomplete'
  /** The flags depend on the arguments. */
  | 'variable_flags'

/** Where to start looking for keys: at a place, or after a word; `unknown` where only code can tell. */
export type BeginSearch =
  | { readonly type: 'index'; readonly index: number }
  /** Negative `startFrom`: backwards from so far before the end. */
  | { readonly type: 'keyword'; readonly keyword: string; readonly startFrom: number }
  | { readonly type: 'unknown' }

/** Which arguments are keys from there on. */
export type FindKeys =
  /**
   * `last` counts from the first key; negative: from the end. With `limit`, -1 is the end of the first
   * 1/limit of what is left.
   */
  | { readonly type: 'range'; readonly last: number; readonly step: number; readonly limit: number }
  /** Places of the count and of the first key, counted from the start of the search. */
  | {
      readonly type: 'keynum'
      readonly countAt: number
      readonly first: number
      readonly step: number
    }
  | { readonly type: 'unknown' }

/** Keys of a command that are found, and used, in one way. */
export interface KeySpec {
  readonly notes?: string
  readonly flags: readonly KeyFlag[]
  readonly beginSearch: BeginSearch
  readonly findKeys: FindKeys
}

/** One key, the argument `index`. */
export function keyAt(index: number, ...flags: readonly KeyFlag[]): KeySpec {
  return keyRange(index, { last: 0 }, ...flags)
}

/** All arguments from `index` on. */
export function keysFrom(index: number, ...flags: readonly KeyFlag[]): KeySpec {
  return keyRange(index, { last: -1 }, ...flags)
}

/** Arguments from `index` on: `last` counts from there, or from the end when negative (-1: the last one). */
export function keyRange(
  index: number,
  { last, step = 1 }: { readonly last: number; readonly step?: number },
  ...flags: readonly KeyFlag[]
): KeySpec {
  const findKeys = { type: 'range', last, step, limit: 0 } as const
  return { flags, beginSearch: { type: 'index', index }, findKeys }
}

/** As many keys as the argument `index` says, right after it. */
export function countedKeys(index: number, ...flags: readonly KeyFlag[]): KeySpec {
  const findKeys = { type: 'keynum', countAt: 0, first: 1, step: 1 } as const
  return { flags, beginSearch: { type: 'index', index }, findKeys }
}

/** The key after a word that stands at `startFrom` or later. */
export function keyAfter(
  keyword: string,
  startFrom: number,
  ...flags: readonly KeyFlag[]
): KeySpec {
  const findKeys = { type: 'range', last: 0, step: 1, limit: 0 } as const
  return { flags, beginSearch: { type: 'keyword', keyword, startFrom }, findKeys }
}

/** The keys after a word, to the end; with `limit` 2 the first half of what follows. */
export function keysAfter(
  { keyword, startFrom, limit }: KeywordSearch,
  ...flags: readonly KeyFlag[]
): KeySpec {
  const findKeys = { type: 'range', last: -1, step: 1, limit: limit ?? 0 } as const
  return { flags, beginSearch: { type: 'keyword', keyword, startFrom }, findKeys }
}

export interface KeywordSearch {
  readonly keyword: string
  readonly startFrom: number
  readonly limit?: number
}

/** Keys that only the command itself finds: such a command brings `extractKeys`, too. */
export function unknownKeys(...flags: readonly KeyFlag[]): KeySpec {
  return { flags, beginSearch: { type: 'unknown' }, findKeys: { type: 'unknown' } }
}

export function withNotes(notes: string, spec: KeySpec): KeySpec {
  return { notes, ...spec }
}

/** The keys as COMMAND told them before specifications, and whether it cannot tell them all. */
export interface LegacyKeys {
  readonly range: readonly [first: number, last: number, step: number]
  readonly areMovable: boolean
}

/** Joins ranges that follow each other, as server.c's populateCommandLegacyRangeSpec does. */
export function legacyKeysOf(specs: readonly KeySpec[]): LegacyKeys {
  let areMovable = false
  let first = 0
  let last = 0
  for (const { flags, beginSearch, findKeys } of specs) {
    const isPlain = beginSearch.type === 'index' && findKeys.type === 'range'
    if (isPlain && specs.length === 1) {
      return {
        range: [beginSearch.index, lastKeyOf(beginSearch.index, findKeys.last), findKeys.step],
        areMovable: flags.includes('incomplete'),
      }
    }
    areMovable ||= flags.includes('incomplete') || !isPlain
    if (!isPlain) continue
    if (findKeys.step !== 1 || (last !== 0 && last !== beginSearch.index - 1)) areMovable = true
    else {
      first ||= beginSearch.index
      const end = lastKeyOf(beginSearch.index, findKeys.last)
      // "To the end" is further than any place.
      last = last < 0 || end < 0 ? Math.min(last, end) : Math.max(last, end)
    }
  }
  return { range: [first, last, first === 0 ? 0 : 1], areMovable }
}

function lastKeyOf(index: number, last: number): number {
  return last < 0 ? last : index + last
}
