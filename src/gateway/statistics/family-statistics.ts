/** Requests for one query family, as Hasura EE calls it: the same for all variables and sessions of a role. */
export interface FamilyCounts {
  readonly familyKey: string
  hits: number
  misses: number
}

/** What requests of a family have: its key, and a place to remember where they are counted. */
export interface FamilyMember {
  readonly familyKey: string
  familyCounts: FamilyCounts | undefined
}

/**
 * Hits and misses by family, for GET /pro/cache/metrics. Bounded: beyond `familiesMax` the one with the fewest
 * requests is no longer listed, so a flood of queries that are asked once hides none of those in use.
 */
export class FamilyStatistics {
  readonly #familiesMax: number
  readonly #families = new Map<string, FamilyCounts>()

  constructor(familiesMax: number) {
    this.#familiesMax = familiesMax
  }

  hit(member: FamilyMember): void {
    member.familyCounts ??= this.#of(member.familyKey)
    member.familyCounts.hits += 1
  }

  missed(member: FamilyMember): void {
    member.familyCounts ??= this.#of(member.familyKey)
    member.familyCounts.misses += 1
  }

  list(): Iterable<FamilyCounts> {
    return this.#families.values()
  }

  #of(familyKey: string): FamilyCounts {
    const known = this.#families.get(familyKey)
    if (known !== undefined) return known
    if (this.#families.size >= this.#familiesMax) this.#unlistRarest()
    const counts = { familyKey, hits: 0, misses: 0 }
    this.#families.set(familyKey, counts)
    return counts
  }

  /** O(families), for a family that is new to a full list. */
  #unlistRarest(): void {
    let rarest: FamilyCounts | undefined
    for (const counts of this.#families.values()) {
      if (rarest === undefined || requestsOf(counts) < requestsOf(rarest)) rarest = counts
    }
    if (rarest !== undefined) this.#families.delete(rarest.familyKey)
  }
}

function requestsOf({ hits, misses }: FamilyCounts): number {
  return hits + misses
}
