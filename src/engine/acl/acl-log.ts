import type { AccessDenials, AccessLogEntry } from '../execution/acl-service.ts'

/** The same again within this time is one entry. */
const GROUPING_MS_MAX = 60_000
/** Entries that a new one is compared with. */
const COMPARED_MAX = 10
/** Of a key or a name; Redis keeps it whole, however long. */
const OBJECT_LENGTH_MAX = 1_024

/** What was refused, the latest first. */
export class AclLog {
  readonly #denials = { auth: 0, command: 0, key: 0, channel: 0 }
  #entries: AccessLogEntry[] = []

  get denials(): AccessDenials {
    return this.#denials
  }

  /** `lengthMax` (acllog-max-len) holds from here on. */
  add(given: Omit<AccessLogEntry, 'count'>, lengthMax: number): void {
    this.#denials[given.reason] += 1
    const entry = {
      ...given,
      object: given.object.slice(0, OBJECT_LENGTH_MAX),
      user: given.user.slice(0, OBJECT_LENGTH_MAX),
    }
    const alike = this.#entries.slice(0, COMPARED_MAX).find((other) => isAlike(other, entry))
    if (alike === undefined) {
      this.#entries = [{ ...entry, count: 1 }, ...this.#entries].slice(0, lengthMax)
      return
    }
    const others = this.#entries.filter((other) => other !== alike)
    this.#entries = [{ ...entry, count: alike.count + 1 }, ...others]
  }

  entries(count: number): readonly AccessLogEntry[] {
    return this.#entries.slice(0, count)
  }

  clear(): void {
    this.#entries = []
  }
}

function isAlike(left: AccessLogEntry, right: Omit<AccessLogEntry, 'count'>): boolean {
  return (
    left.reason === right.reason &&
    left.context === right.context &&
    Math.abs(left.atMs - right.atMs) <= GROUPING_MS_MAX &&
    left.object === right.object &&
    left.user === right.user
  )
}
