import type { Keyspace } from '../keyspace/keyspace.ts'
import { ByteCounter } from '../memory/byte-counter.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'
import { RespWriter } from '../protocol/resp-writer.ts'
import type { ValueType } from '../structures/value.ts'
import { CLIENT_STATE, Client, NO_OUTPUT_STATE } from './client.ts'
import type { CommandContext } from './context.ts'
import { type Deadline, Deadlines } from './deadlines.ts'

/**
 * What a command waits for, in `context.block(...)`. The command's arguments are kept as they are, and both
 * functions get a context in which it is the running command again: they read its options from `argv`.
 */
export interface BlockRequest {
  /** Places of the keys among the arguments; a key that stands twice counts once. */
  readonly keys: readonly number[]
  /** When it gives up (context.blockUntilMs); 0: never. */
  readonly deadlineMs: number
  /** A key is ready only while its value is of this type. */
  readonly type: ValueType
  /**
   * The key of this argument is there, with the right type. Answers and gives true; or writes nothing and
   * gives false: then it waits on. Records effects as if it had been called just now.
   */
  readonly serve: (context: CommandContext, argument: number) => boolean
  /** The key has gone, or became another type: XREADGROUP answers an error. Without it, waits on. */
  readonly lost?: (context: CommandContext, argument: number) => boolean
  /** What is answered when there is no waiting (in EXEC, in a script); a null array without it. */
  readonly denied?: 'null'
}

/** A client that waits. */
export interface Waiter extends Deadline {
  readonly client: Client
  readonly databaseIndex: number
  readonly argv: ArgumentVector
  /** Undefined for what waits for no key (WAIT): whoever blocked it releases it. */
  readonly request: BlockRequest | undefined
  /** Names of keys as latin1 text, and the argument of each. */
  readonly keys: ReadonlyMap<string, number>
  readonly timedOut: (reply: ReplyWriter) => void
}

/** Runs a function of a waiting command as that command, its answer going to its client. */
export type RunWaiter = (waiter: Waiter, run: (context: CommandContext) => boolean) => boolean

/** What V8 takes for a waiter, and for each of its keys, about. */
const WAITER_BYTES = 300
const KEY_BYTES = 200

interface FinishedWait {
  readonly waiter: Waiter
  readonly run: (context: CommandContext) => boolean
}

interface ReadyKey {
  readonly databaseIndex: number
  readonly key: string
}

/**
 * Clients that wait for keys. Commands that make a key ready say so, and those who wait are served when the
 * command, transaction or script has ended: first come, first served, key by key.
 */
export class Blocking {
  readonly #keyspace: Keyspace
  /** By database and key, in the order they came. */
  readonly #waiters: Map<string, Set<Waiter>>[]
  readonly #deadlines = new Deadlines<Waiter>()
  #ready: ReadyKey[] = []
  readonly #readyNames = new Set<string>()
  #finished: FinishedWait[] = []
  /** Waiters that are to hear of keys that go. */
  #losingCount = 0
  #onNextDeadline: (deadlineMs: number) => void = () => undefined
  #onLateError: (argv: ArgumentVector, text: string) => void = () => undefined
  #onWaiting: (isWaiting: boolean) => void = () => undefined
  /** What is kept of commands that wait. */
  readonly memory = new ByteCounter()
  /** Waiting clients. */
  count = 0
  /** Keys that somebody waits for. */
  keyCount = 0

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace
    this.#waiters = keyspace.databases.map(() => new Map())
  }

  get hasReady(): boolean {
    return this.#ready.length > 0 || this.#finished.length > 0
  }

  /** Clients with a deadline: INFO's clients_in_timeout_table. */
  get deadlineCount(): number {
    return this.#deadlines.size
  }

  /** Told when a deadline comes before all others: `giveUp` is to be called then. */
  onNextDeadline(listener: (deadlineMs: number) => void): void {
    this.#onNextDeadline = listener
  }

  /** Told when the first key is waited for, and when the last one is not any more. */
  onWaiting(listener: (isWaiting: boolean) => void): void {
    this.#onWaiting = listener
  }

  get nextDeadlineMs(): number | undefined {
    return this.#deadlines.next?.deadlineMs
  }

  /** Told of errors that answer a command which was counted when it began to wait. */
  onLateError(listener: (argv: ArgumentVector, text: string) => void): void {
    this.#onLateError = listener
  }

  /** The client runs nothing until it is served, the deadline has come, or `release`. */
  wait(client: Client, argv: ArgumentVector, request: BlockRequest): void {
    const copy = argv.copy()
    const keys = new Map<string, number>()
    for (const argument of request.keys) {
      const key = copy.latin1(argument)
      if (!keys.has(key)) keys.set(key, argument)
    }
    const { databaseIndex } = client
    const { deadlineMs } = request
    const timedOut = replyWithNullArray
    this.#begin({
      client,
      databaseIndex,
      argv: copy,
      request,
      keys,
      deadlineMs,
      timedOut,
      place: -1,
    })
  }

  /** Waits for something else than a key; whoever knows when it has come calls `answer` or `finish`. */
  waitFor(client: Client, argv: ArgumentVector, until: UntilReleased): Waiter {
    const { databaseIndex } = client
    const waiter: Waiter = {
      client,
      databaseIndex,
      argv: argv.copy(),
      request: undefined,
      keys: new Map<string, number>(),
      place: -1,
      ...until,
    }
    this.#begin(waiter)
    return waiter
  }

  /**
   * What a command of `waitFor` waited for has come: `run` goes on with it when the running one has ended. It answers
   * and gives true, or waits on. It is run for a client that has gone or was released, too, and answers nobody then.
   */
  finish(waiter: Waiter, run: (context: CommandContext) => boolean): void {
    this.#finished.push({ waiter, run })
  }

  /** Answers a client that waits, and lets it go on. */
  answer(client: Client, write: (reply: ReplyWriter) => void): void {
    if (client.waiter === undefined) return
    const reply = client.output.beginReply()
    reply.lastError = ''
    write(reply)
    if (reply.lastError !== '') this.#onLateError(client.waiter.argv, reply.lastError)
    client.output.endReply()
    this.#release(client.waiter)
  }

  /** The client has gone. */
  forget(client: Client): void {
    if (client.waiter !== undefined) this.#end(client.waiter)
  }

  /** CLIENT UNBLOCK: as if its time were over, or with an error. False when it does not wait. */
  unblock(client: Client, error?: string): boolean {
    const { waiter } = client
    if (waiter === undefined) return false
    this.answer(client, error === undefined ? waiter.timedOut : (reply) => reply.error(error))
    return true
  }

  /** Those whose time is over. */
  giveUp(nowMs: number): void {
    for (let next = this.#deadlines.next; next !== undefined; next = this.#deadlines.next) {
      if (next.deadlineMs > nowMs) return
      this.answer(next.client, next.timedOut)
    }
  }

  /** A key has come, gone, or got something new: who waits for it looks when the running command has ended. */
  keyReady(databaseIndex: number, bytes: Uint8Array, start: number, length: number): void {
    if (this.keyCount === 0) return
    this.#keyReady(databaseIndex, latin1(bytes, start, length))
  }

  /** Any key of the database may have come or gone: SWAPDB, FLUSHALL. */
  databaseReady(databaseIndex: number): void {
    for (const key of this.#waiters[databaseIndex]?.keys() ?? []) this.#keyReady(databaseIndex, key)
  }

  /** Serves whom it can; what that makes ready (BLMOVE) is served in the next round. */
  serveReady(run: RunWaiter): void {
    while (this.hasReady) {
      this.#serveFinished(run)
      const ready = this.#ready
      this.#ready = []
      for (const { databaseIndex, key } of ready) {
        this.#readyNames.delete(`${databaseIndex}:${key}`)
        this.#serveKey(databaseIndex, key, run)
      }
    }
  }

  #serveFinished(run: RunWaiter): void {
    const finished = this.#finished
    this.#finished = []
    for (const { waiter, run: answer } of finished) {
      const isWaiting = waiter.client.waiter === waiter
      const called = isWaiting ? waiter : { ...waiter, client: absentClient(waiter) }
      if (run(called, answer) && isWaiting) this.#release(waiter)
    }
  }

  #keyReady(databaseIndex: number, key: string): void {
    const name = `${databaseIndex}:${key}`
    if (this.#waiters[databaseIndex]?.has(key) !== true || this.#readyNames.has(name)) return
    this.#readyNames.add(name)
    this.#ready.push({ databaseIndex, key })
  }

  #serveKey(databaseIndex: number, key: string, run: RunWaiter): void {
    const waiters = this.#waiters[databaseIndex]?.get(key)
    if (waiters === undefined) return
    const bytes = Buffer.from(key, 'latin1')
    for (const waiter of waiters) {
      const type = this.#type(databaseIndex, bytes)
      // Nothing is left for those further behind: they may be many.
      if (type === undefined && this.#losingCount === 0) return
      if (this.#tryToServe(waiter, waiter.keys.get(key) ?? 0, { type, run })) this.#release(waiter)
    }
  }

  #tryToServe(
    waiter: Waiter,
    argument: number,
    { type, run }: { readonly type: ValueType | undefined; readonly run: RunWaiter },
  ): boolean {
    const { request } = waiter
    if (request === undefined) return false
    const answer = type === request.type ? request.serve : request.lost
    return answer !== undefined && run(waiter, (context) => answer(context, argument))
  }

  #type(databaseIndex: number, key: Uint8Array): ValueType | undefined {
    const database = this.#keyspace.database(databaseIndex)
    const record = database.peek(key, 0, key.length)
    return record === 0 ? undefined : database.type(record)
  }

  #begin(waiter: Waiter): void {
    waiter.client.waiter = waiter
    waiter.client.set(CLIENT_STATE.blocked, true)
    this.#count(waiter, 1)
    const byKey = this.#waiters[waiter.databaseIndex]
    for (const key of waiter.keys.keys()) {
      const waiters = byKey?.get(key)
      if (waiters !== undefined) waiters.add(waiter)
      else byKey?.set(key, new Set([waiter]))
      if (waiters === undefined) this.#countKeys(1)
    }
    if (waiter.deadlineMs === 0) return
    this.#deadlines.add(waiter)
    if (this.#deadlines.next === waiter) this.#onNextDeadline(waiter.deadlineMs)
  }

  #release(waiter: Waiter): void {
    this.#end(waiter)
    waiter.client.output.release()
  }

  #end(waiter: Waiter): void {
    waiter.client.waiter = undefined
    waiter.client.set(CLIENT_STATE.blocked, false)
    this.#count(waiter, -1)
    this.#deadlines.remove(waiter)
    const byKey = this.#waiters[waiter.databaseIndex]
    for (const key of waiter.keys.keys()) {
      const waiters = byKey?.get(key)
      waiters?.delete(waiter)
      if (waiters?.size !== 0) continue
      byKey?.delete(key)
      this.#countKeys(-1)
    }
  }

  #count(waiter: Waiter, by: 1 | -1): void {
    this.count += by
    this.memory.bytes += by * (waiter.argv.heldBytes + WAITER_BYTES + waiter.keys.size * KEY_BYTES)
    if (waiter.request?.lost !== undefined) this.#losingCount += by
  }

  #countKeys(keys: number): void {
    this.keyCount += keys
    if (this.keyCount === 0) this.#onWaiting(false)
    else if (this.keyCount === keys) this.#onWaiting(true)
  }
}

/** In place of one that does not wait for the answer any more. */
function absentClient({ client, databaseIndex }: Waiter): Client {
  const { address, createdMs } = client
  const absent = new Client({ id: client.id, address, nowMs: createdMs, isEmbedded: true })
  const reply = new RespWriter()
  absent.databaseIndex = databaseIndex
  absent.output = {
    beginReply: () => reply,
    endReply: () => reply.clear(),
    endMessage: () => reply.clear(),
    push: () => undefined,
    release: () => undefined,
    close: () => undefined,
    heldBytes: 0,
    state: () => NO_OUTPUT_STATE,
  }
  return absent
}

function replyWithNullArray(reply: ReplyWriter): void {
  reply.nullArray()
}

export interface UntilReleased {
  /** 0: never. */
  readonly deadlineMs: number
  readonly timedOut: (reply: ReplyWriter) => void
}

function latin1(bytes: Uint8Array, start: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1')
}
