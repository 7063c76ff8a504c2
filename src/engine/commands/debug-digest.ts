import { hash } from 'node:crypto'
import { CommandContext } from '../execution/context.ts'
import { type Database, type Handle, NO_EXPIRY } from '../keyspace/database.ts'
import { ArgumentVector } from '../protocol/argument-vector.ts'
import { formatDouble } from '../protocol/format-double.ts'
import { type Reply, ValueWriter } from '../protocol/value-writer.ts'

const DIGEST_BYTES = 20

/** Redis' numbers of the types (server.h, OBJ_*), and the command that tells a whole value but that of a string. */
const READERS: Readonly<Record<string, readonly [number: number, command: readonly string[]]>> = {
  string: [0, []],
  list: [1, ['lrange', 'KEY', '0', '-1']],
  set: [2, ['smembers', 'KEY']],
  zset: [3, ['zrange', 'KEY', '0', '-1', 'withscores']],
  hash: [4, ['hgetall', 'KEY']],
  stream: [6, ['xrange', 'KEY', '-', '+']],
}

/** DEBUG DIGEST: the same for the same data, in whatever order it lies (debug.c, computeDatasetDigest). */
export function debugDigest(context: CommandContext): void {
  const digest = new Uint8Array(DIGEST_BYTES)
  for (const database of context.keyspace.databases) {
    if (database.size === 0) continue
    mix(digest, bigEndian(database.index))
    const keys: Buffer[] = []
    database.forEach((record) => keys.push(keyOf(database, record)))
    for (const key of keys) {
      const ofKey = new Uint8Array(DIGEST_BYTES)
      mix(ofKey, key)
      digestValue(context, { database, key, digest: ofKey })
      xorHash(digest, ofKey)
    }
  }
  context.reply.simple(Buffer.from(digest).toString('hex'))
}

export function debugDigestValue(context: CommandContext): void {
  const { argv, database, reply } = context
  reply.array(argv.count - 2)
  for (let index = 2; index < argv.count; index += 1) {
    const digest = new Uint8Array(DIGEST_BYTES)
    const key = Buffer.from(argv.view(index))
    digestValue(context, { database, key, digest })
    reply.simple(Buffer.from(digest).toString('hex'))
  }
}

interface DigestedKey {
  readonly database: Database
  readonly key: Buffer
  /** Changed in place. */
  readonly digest: Uint8Array
}

function digestValue(context: CommandContext, digested: DigestedKey): void {
  const { database, key, digest } = digested
  const record = database.peek(key, 0, key.length)
  if (record === 0) return
  const type = database.type(record)
  const [number, command] = READERS[type] ?? []
  const hasExpiry = database.expiresAtMs(record) !== NO_EXPIRY
  mix(digest, bigEndian(number ?? 0))
  const value =
    type === 'string' ? stringAt(database, record) : read(context, digested, command ?? [])
  if (type === 'string' || type === 'list') for (const part of bytesIn(value)) mix(digest, part)
  else if (type === 'set') for (const part of bytesIn(value)) xorHash(digest, part)
  else if (type === 'stream') mixStream(digest, value)
  else mixPairs(digest, bytesIn(value))
  if (hasExpiry) xorHash(digest, Buffer.from('!!expire!!'))
}

/** The value as its own command tells it: no structure needs to be known here. */
function read(
  { client, services }: CommandContext,
  { database, key }: DigestedKey,
  command: readonly string[],
): Reply {
  const reply = new ValueWriter()
  reply.protocol = 2
  const argv = new ArgumentVector()
  argv.load(command.map((word) => (word === 'KEY' ? key : word)))
  const inner = new CommandContext(services)
  const before = client.databaseIndex
  client.databaseIndex = database.index
  inner.begin(client, argv, reply)
  client.databaseIndex = before
  services.commands.find(argv)?.spec.run(inner)
  return reply.take()
}

function* bytesIn(value: Reply): Generator<Buffer> {
  if (Array.isArray(value)) for (const part of value) yield* bytesIn(part)
  else if (value instanceof Buffer) yield value
  else if (typeof value === 'number') yield Buffer.from(formatDouble(value))
}

/** Field and value, or member and score: each pair by itself, in whatever order they come. */
function mixPairs(digest: Uint8Array, parts: Generator<Buffer>): void {
  for (let part = parts.next(); part.done !== true; part = parts.next()) {
    const pair = new Uint8Array(DIGEST_BYTES)
    mix(pair, part.value)
    const second = parts.next()
    if (second.done !== true) mix(pair, second.value)
    xorHash(digest, pair)
  }
}

function mixStream(digest: Uint8Array, entries: Reply): void {
  for (const entry of Array.isArray(entries) ? entries : []) {
    const [id, ...fields] = bytesIn(entry)
    mix(digest, Buffer.from((id ?? Buffer.alloc(0)).toString().replace('-', '.')))
    for (const part of fields) mix(digest, part)
  }
}

/** Order matters. */
function mix(digest: Uint8Array, data: Uint8Array): void {
  xorHash(digest, data)
  digest.set(sha1(digest))
}

/** Order does not matter. */
function xorHash(digest: Uint8Array, data: Uint8Array): void {
  const sum = sha1(data)
  for (let at = 0; at < DIGEST_BYTES; at += 1) digest[at] = (digest[at] ?? 0) ^ (sum[at] ?? 0)
}

/** In one step, which takes a third of what an object for each sum takes: there are seven for a string. */
function sha1(data: Uint8Array): Buffer {
  return hash('sha1', data, 'buffer')
}

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function stringAt(database: Database, record: Handle): Buffer {
  const start = database.valueStart(record)
  return Buffer.from(database.bytes(record).subarray(start, start + database.valueLength(record)))
}

function keyOf(database: Database, record: Handle): Buffer {
  const start = database.keyStart(record)
  return Buffer.from(database.bytes(record).slice(start, start + database.keyLength(record)))
}
