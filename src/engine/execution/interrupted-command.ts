import type { Database, Handle } from '../keyspace/database.ts'
import { NONE } from '../memory/slab.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { CLIENT_STATE } from './client.ts'
import type { Command } from './command.ts'
import { findKeys, KeyPositions } from './command-keys.ts'
import type { EngineServices } from './context.ts'

/** What had run until it ended in the middle, and which numbered database it saw. */
export interface InterruptedCommand {
  readonly command: Command
  readonly argv: ArgumentVector
  readonly databaseIndex: number
}

/**
 * After a command that got no memory in the middle, before anybody sees what it has left. What it did to its keys is
 * neither taken back nor known, so each of them is told to logs and replicas as it is now. A collection that was made
 * for elements that did not come goes, since no client has ever seen an empty one.
 */
export function mendInterrupted(services: EngineServices, interrupted: InterruptedCommand): void {
  const { argv, command, databaseIndex } = interrupted
  const { resultSet, resultSortedSet } = services.keyspace.collections
  resultSet.discard()
  resultSortedSet.discard()
  if (!command.isWrite) return
  const database = services.keyspace.database(databaseIndex)
  const keys = new KeyPositions()
  findKeys(command, { argv, offset: 0 }, keys)
  for (let index = 0; index < keys.count; index += 1) {
    const key = argv.view(keys.position(index))
    if (!keys.flags(index).includes('RO') || isStream(database, key)) {
      mendKey(services, database, key)
    }
  }
}

/** XREADGROUP changes groups of streams that it is said to read (commands.c). */
function isStream(database: Database, key: Uint8Array): boolean {
  const record = database.held(key, 0, key.length)
  return record !== NONE && database.type(record) === 'stream'
}

function mendKey(services: EngineServices, database: Database, key: Uint8Array): void {
  const { keyspace, propagation } = services
  let record = database.held(key, 0, key.length)
  if (record !== NONE && isEmptyCollection(services, database, record)) {
    database.delete(key, 0, key.length)
    record = NONE
  }
  keyspace.events.modified(database.index, key, 0, key.length)
  if (!propagation.isHeard) return
  if (record === NONE) return propagation.emit(database.index, ['DEL', key])
  try {
    const { bytes, length } = services.values.dump(database, record)
    const value = bytes.subarray(0, length)
    const expiresAtMs = database.expiresAtMs(record)
    propagation.emit(database.index, ['RESTORE', key, expiresAtMs, value, 'REPLACE', 'ABSTTL'])
  } catch (error) {
    tellAllAnew(services, error)
  }
}

/** There is not even memory to tell a value in: replicas copy all there is once there is some, and the log begins anew. */
function tellAllAnew(services: EngineServices, error: unknown): void {
  services.log.error({ err: error }, 'a value is too large to be told: replicas are to copy it')
  services.replication.changeId()
  for (const client of services.clients) {
    if (client.is(CLIENT_STATE.replica)) client.output.close()
  }
  if (services.config.value('appendonly') === 'yes') services.persistence.rewriteLog(false)
}

/** Streams may be empty: who makes one makes it with its first entry, or its group. */
function isEmptyCollection(
  { keyspace }: EngineServices,
  database: Database,
  record: Handle,
): boolean {
  const { hash, set, sortedSet } = keyspace.collections
  switch (database.type(record)) {
    case 'list':
      return keyspace.structures.lists.size(database.root(record)) === 0
    case 'hash':
      hash.open(database, record)
      return hash.size === 0
    case 'set':
      set.open(database, record)
      return set.size === 0
    case 'zset':
      sortedSet.open(database, record)
      return sortedSet.size === 0
    default:
      return false
  }
}
