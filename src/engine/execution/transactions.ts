import type { Keyspace } from '../keyspace/keyspace.ts'
import { ByteCounter } from '../memory/byte-counter.ts'
import { CLIENT_STATE, type Client, type WatchedKey } from './client.ts'
import { Transaction } from './transaction.ts'

/** What the table and the client hold for a watched key besides its name, about. */
const WATCHED_KEY_BYTES = 200

/** Who is between MULTI and EXEC, and who watches which keys. */
export class Transactions {
  readonly #keyspace: Keyspace
  /** By database and key as latin1 text. */
  readonly #watchers: Map<string, Set<Client>>[]
  /** Memory of queued commands and watched keys of all clients. */
  readonly memory = new ByteCounter()
  /** Pairs of client and watched key: while there is none, a modification costs one comparison. */
  watchedCount = 0
  #onWatching: (isWatching: boolean) => void = () => undefined

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace
    this.#watchers = keyspace.databases.map(() => new Map())
  }

  /** Told when the first key is watched, and when the last one is not any more. */
  onWatching(listener: (isWatching: boolean) => void): void {
    this.#onWatching = listener
  }

  begin(client: Client): void {
    client.transaction = new Transaction(this.memory)
    client.set(CLIENT_STATE.inTransaction, true)
  }

  /** Forgets what was queued and watched. */
  discard(client: Client): void {
    client.transaction?.end()
    client.transaction = undefined
    client.set(CLIENT_STATE.inTransaction, false)
    client.isDirty = false
    this.unwatch(client)
  }

  watch(client: Client, key: Buffer): void {
    const { databaseIndex } = client
    const name = key.toString('latin1')
    const id = `${databaseIndex}:${name}`
    client.watchedKeys ??= new Map()
    if (client.watchedKeys.has(id)) return
    const isExpired = this.#keyspace.database(databaseIndex).holdsExpired(key, 0, key.length)
    client.watchedKeys.set(id, { databaseIndex, key: Buffer.from(key), isExpired })
    const byKey = this.#watchers[databaseIndex]
    const watchers = byKey?.get(name)
    if (watchers === undefined) byKey?.set(name, new Set([client]))
    else watchers.add(client)
    this.#count(1, key.length)
  }

  unwatch(client: Client): void {
    if (client.watchedKeys === undefined) return
    for (const { databaseIndex, key } of client.watchedKeys.values()) {
      const byKey = this.#watchers[databaseIndex]
      const name = key.toString('latin1')
      const watchers = byKey?.get(name)
      watchers?.delete(client)
      if (watchers?.size === 0) byKey?.delete(name)
      this.#count(-1, key.length)
    }
    client.watchedKeys = undefined
  }

  /** Whether a watched key has expired since WATCH, though nobody has noticed. */
  hasExpired(client: Client): boolean {
    for (const { databaseIndex, key, isExpired } of client.watchedKeys?.values() ?? []) {
      if (isExpired) continue
      if (this.#keyspace.database(databaseIndex).holdsExpired(key, 0, key.length)) return true
    }
    return false
  }

  /** A key has been modified or taken away: transactions of those who watch it will not run. */
  touch(databaseIndex: number, key: Uint8Array): void {
    if (this.watchedCount === 0) return
    const name = Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
    const watchers = this.#watchers[databaseIndex]?.get(name)
    for (const client of watchers ?? []) {
      const watched = client.watchedKeys?.get(`${databaseIndex}:${name}`)
      if (watched?.isExpired === true) {
        // What was gone already when WATCH came is taken away now: no change.
        if (!this.#isHeld(databaseIndex, key)) watched.isExpired = false
        continue
      }
      client.isDirty = true
      // A dirty client needs no more touching.
      this.unwatch(client)
    }
  }

  /**
   * All keys of a database go, and those of `replacement`, if any, take their place: to be called before.
   * Keys that are in neither stay untouched.
   */
  touchDatabase(databaseIndex: number, replacement?: number): void {
    for (const [name, watchers] of this.#watchers[databaseIndex] ?? []) {
      const key = Buffer.from(name, 'latin1')
      const isThere = this.#isHeld(databaseIndex, key)
      const comes = replacement !== undefined && this.#isHeld(replacement, key)
      if (!isThere && !comes) continue
      const comesExpired =
        comes && this.#keyspace.database(replacement).holdsExpired(key, 0, key.length)
      for (const client of watchers) {
        const watched = client.watchedKeys?.get(`${databaseIndex}:${name}`)
        if (watched !== undefined && this.#isReplaced(watched, { isThere, comes, comesExpired })) {
          client.isDirty = true
        }
      }
    }
  }

  /** multi.c, touchAllWatchedKeysInDb: what was expired and is gone or expired afterwards has not changed. */
  #isReplaced(
    watched: WatchedKey,
    by: { readonly isThere: boolean; readonly comes: boolean; readonly comesExpired: boolean },
  ): boolean {
    if (watched.isExpired) {
      if (!by.comes) watched.isExpired = false
      return by.comes && !by.comesExpired
    }
    if (by.isThere || !by.comesExpired) return true
    watched.isExpired = true
    return false
  }

  #isHeld(databaseIndex: number, key: Uint8Array): boolean {
    return this.#keyspace.database(databaseIndex).holds(key, 0, key.length)
  }

  #count(keys: number, nameBytes: number): void {
    const wasWatching = this.watchedCount > 0
    this.watchedCount += keys
    this.memory.bytes += keys * (WATCHED_KEY_BYTES + 2 * nameBytes)
    const isWatching = this.watchedCount > 0
    if (isWatching !== wasWatching) this.#onWatching(isWatching)
  }
}
