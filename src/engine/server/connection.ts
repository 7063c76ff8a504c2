import type { Socket } from 'node:net'
import {
  CLIENT_STATE,
  type Client,
  type ClientOutput,
  type OutputState,
} from '../execution/client.ts'
import type { ClientMemory } from '../execution/client-memory.ts'
import type { Executor } from '../execution/executor.ts'
import type { GatedReplies, ReplyGate } from '../execution/reply-gate.ts'
import type { Turn, TurnTask } from '../execution/turn.ts'
import { SlabExhaustedError } from '../memory/slab.ts'
import { ArgumentVector } from '../protocol/argument-vector.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'
import { type ParserLimits, RequestParser } from '../protocol/request-parser.ts'
import type { RespWriter } from '../protocol/resp-writer.ts'
import type { HeldReplies } from './held-replies.ts'
import type { OutputLimit, OutputLimits } from './output-limits.ts'

/** Replies leave when they are so long, though the turn has not ended. */
const WRITE_BYTES_MAX = 1_024 ** 2
/** Replies of so few bytes are never too long: with Redis they lie in a buffer that no limit counts. */
const UNCOUNTED_BYTES = 16 * 1_024
/**
 * A client that leaves so much unread is not read from until it has taken it. Programs write a pipeline as a whole
 * before they read (redis-py): with less, those with many replies would wait for a server that waits for them.
 */
const UNSENT_BYTES_MAX = 64 * 1_024 ** 2

const NO_BYTES = new Uint8Array(0)
/** What an error begins with. */
const ERROR_SIGN = 0x2d

/** Totals of all connections: INFO's stats section. */
export interface Traffic {
  inputBytes: number
  outputBytes: number
  /** Of them those to replicas. */
  replicaOutputBytes: number
  reads: number
  writes: number
  /** Clients that were hung up on. */
  queryLimitDisconnections: number
  outputLimitDisconnections: number
}

/** What connections of one server share. */
export interface ConnectionShare {
  readonly executor: Executor
  readonly turn: Turn
  readonly gate: ReplyGate
  readonly clientMemory: ClientMemory
  /** A turn fills it and hands it to one socket. */
  readonly writer: RespWriter
  /** For answers to clients whose turn it is not; emptied after each. */
  readonly lateWriter: RespWriter
  /** Replies that the gate holds back until the turn ends. */
  readonly held: HeldReplies
  /** Whose commands run now. */
  active: Connection | undefined
  /** proto-max-bulk-len and client-query-buffer-limit, as they are now. */
  bulkBytesMax: number
  requestBytesMax: number
  outputLimits: OutputLimits
  readonly traffic: Traffic
  /** A replica has sent what is answered, with an error or without. */
  readonly onReplicaReply: (client: Client, argv: ArgumentVector, error: string) => void
  /** A bug of ours in the middle of a command. */
  readonly onFailure: (error: unknown) => void
}

/** One socket: bytes in, commands run, replies out in one write per turn. */
export class Connection implements ClientOutput, TurnTask, GatedReplies {
  readonly client: Client
  /** Its share of the server's `bufferBytes`. */
  countedBytes = 0
  readonly #socket: Socket
  readonly #share: ConnectionShare
  readonly #parser: RequestParser
  readonly #argv = new ArgumentVector()
  readonly #parserLimits: ParserLimits = { bulkBytesMax: 0, isAuthenticated: false }
  /** What has been received and not run; its first `#pendingLength` bytes count. */
  #pending = NO_BYTES
  #pendingLength = 0
  /** Length of the bytes whose requests run now. */
  #runningBytes = 0
  /** Does not take its replies. */
  #isClogged = false
  /** Messages and late answers, to be written at the end of the turn. */
  #late: Uint8Array[] = []
  #lateBytes = 0
  #isTurnTask = false
  /** Until the gate calls `committed`, nothing is sent. */
  #isHeld = false
  /** Its replies in `share.held`. */
  #heldStart = 0
  #heldLength = 0
  /** May have requests that came while it waited. */
  #isReleased = false
  /** Runs requests that still count as received: they must not run once more from within. */
  #isRunning = false
  /** Since when it has left more unread than the soft limit allows. */
  #overSoftLimitSinceMs: number | undefined

  constructor(socket: Socket, client: Client, share: ConnectionShare) {
    this.client = client
    this.#socket = socket
    this.#share = share
    this.#parser = new RequestParser(this.#argv)
    client.output = this
    socket.on('drain', () => this.#drained())
  }

  /** Bytes held for requests to come and for replies not taken yet: they count as memory in use. */
  get heldBytes(): number {
    return this.inputBytes + this.outputBytes
  }

  beginReply(): ReplyWriter {
    const { lateWriter } = this.#share
    lateWriter.clear()
    lateWriter.protocol = this.client.protocol
    return lateWriter
  }

  endReply(): void {
    if (this.client.replyMode === 'on') this.endMessage()
    else this.#share.lateWriter.clear()
  }

  endMessage(): void {
    const { lateWriter } = this.#share
    if (lateWriter.length > 0) this.#addLate(Buffer.from(lateWriter.written()))
    lateWriter.clear()
  }

  push(message: Uint8Array): void {
    // In the middle of its own commands a message stands where it came; what CLIENT REPLY keeps back goes aside.
    const isInline = this.#share.active === this && this.client.replyMode === 'on'
    if (isInline) this.#share.writer.raw(message)
    else this.#addLate(message)
  }

  release(): void {
    this.client.set(CLIENT_STATE.blocked, false)
    this.#isReleased = true
    this.#addTurnTask()
  }

  close(): void {
    this.client.isClosing = true
    this.#socket.destroy()
  }

  state(): OutputState {
    const { localAddress = '', localPort = 0 } = this.#socket
    const isUnix = this.client.address.startsWith('/')
    const isActive = this.#share.active === this
    const waiting = this.#socket.writableLength > 0 ? 'w' : ''
    return {
      localAddress: isUnix ? this.client.address : `${localAddress}:${localPort}`,
      descriptor: descriptorOf(this.#socket),
      inputBytes: Math.max(this.#unreadBytes, isActive ? this.#runningBytes : 0),
      freeInputBytes: this.#pending.length - this.#pendingLength,
      outputBytes: this.outputBytes,
      events: `${this.#isClogged ? '' : 'r'}${waiting}`,
    }
  }

  atTurnEnd(): void {
    this.#isTurnTask = false
    this.#writeLate()
    if (this.#isReleased && !this.#isRunning && !this.client.isClosing) this.#runPending()
  }

  committed(isDurable: boolean): void {
    this.#isHeld = false
    if (this.#heldLength > 0) this.#releaseHeld(isDurable)
    if (!isDurable) return this.close()
    if (this.#lateBytes > 0) this.#sendLate()
    if (this.client.isClosing && this.#lateBytes === 0) this.#socket.destroySoon()
  }

  /** What it has sent before the client waited runs first: nothing is to be written amid another's replies. */
  #addLate(bytes: Uint8Array): void {
    this.#late.push(bytes)
    this.#lateBytes += bytes.length
    this.#addTurnTask()
  }

  #addTurnTask(): void {
    if (this.#isTurnTask) return
    this.#isTurnTask = true
    this.#share.turn.add(this)
  }

  #writeLate(): void {
    if (this.#lateBytes > 0 && !this.#mustHold()) this.#sendLate()
  }

  #sendLate(): void {
    const [first] = this.#late
    const bytes = this.#late.length === 1 && first !== undefined ? first : Buffer.concat(this.#late)
    this.#late = []
    this.#lateBytes = 0
    if (this.#socket.destroyed) return
    this.#share.traffic.outputBytes += bytes.length
    if (this.client.is(CLIENT_STATE.replica)) {
      this.#share.traffic.replicaOutputBytes += bytes.length
    }
    this.#share.traffic.writes += 1
    this.#socket.write(bytes)
    if (this.#socket.writableLength > 0) {
      this.enforceOutputLimit(this.#share.executor.nowMs)
      if (!this.client.isClosing) this.#share.clientMemory.update(this.client)
    }
    // What the kernel takes at once is told by no event.
    else if (this.client.onDrained !== undefined) setImmediate(() => this.#drained())
  }

  /** Without the arguments that have come whole. */
  get #unreadBytes(): number {
    return Math.max(0, this.#pendingLength - this.#parser.parsedBytes)
  }

  get inputBytes(): number {
    return this.#pending.length
  }

  get outputBytes(): number {
    return this.#socket.writableLength + this.#heldLength + this.#lateBytes
  }

  /** Hangs up on a client that does not take its replies. Called after writing, and once a cycle. */
  enforceOutputLimit(nowMs: number): void {
    const { hardBytes, softBytes, softMs } = this.#outputLimit()
    const unsentBytes = this.outputBytes + this.client.waitingStreamBytes
    const isOverSoftLimit = softBytes > 0 && unsentBytes > softBytes
    if (!isOverSoftLimit) this.#overSoftLimitSinceMs = undefined
    else this.#overSoftLimitSinceMs ??= nowMs
    const isOverLong = nowMs - (this.#overSoftLimitSinceMs ?? nowMs) > softMs
    if ((hardBytes > 0 && unsentBytes > hardBytes) || isOverLong) this.#endAtOutputLimit()
  }

  #endAtOutputLimit(): void {
    this.#share.traffic.outputLimitDisconnections += 1
    this.close()
  }

  /** Longer replies are beyond the hard limit, whether the client takes them or not. */
  get #replyBytesMax(): number {
    const { hardBytes } = this.#outputLimit()
    if (hardBytes === 0) return Number.POSITIVE_INFINITY
    return Math.max(UNCOUNTED_BYTES, hardBytes - this.outputBytes)
  }

  /** Amid a command its reply has become too long: whether it ends the client, for which a muted one does nothing. */
  endsAtExcess(): boolean {
    if (this.client.replyMode !== 'on') return false
    this.client.isClosing = true
    return true
  }

  #outputLimit(): OutputLimit {
    const { normal, pubsub, replica } = this.#share.outputLimits
    if (this.client.is(CLIENT_STATE.replica)) return replica
    return this.client.is(CLIENT_STATE.subscribed) ? pubsub : normal
  }

  /** Takes what a socket has received; keeps nothing of its memory. */
  receive(bytes: Uint8Array, length: number): void {
    if (this.client.isClosing) return
    this.#share.traffic.inputBytes += length
    this.#share.traffic.reads += 1
    if (this.#pendingLength > 0) {
      this.#append(bytes, length)
      this.#runPending()
    } else {
      this.#isRunning = true
      const consumed = this.#run(bytes, length)
      if (consumed < length) this.#append(bytes.subarray(consumed), length - consumed)
      this.#isRunning = false
      if (this.#isReleased && !this.client.isClosing) this.#runPending()
    }
    this.#share.clientMemory.update(this.client)
  }

  #drained(): void {
    this.#unclog()
    if (this.client.onDrained === undefined || this.client.isClosing) return
    this.#share.executor.beginTurn()
    this.client.onDrained()
    this.#share.executor.settle()
  }

  #unclog(): void {
    if (!this.#isClogged || this.client.isClosing) return
    this.#isClogged = false
    this.#runPending()
    if (!this.#isClogged) this.#socket.resume()
  }

  /** Once more when it was released meanwhile. */
  #runPending(): void {
    do {
      this.#isReleased = false
      this.#isRunning = true
      const consumed = this.#run(this.#pending, this.#pendingLength)
      if (consumed > 0) this.#forget(consumed)
      this.#isRunning = false
    } while (this.#isReleased && !this.client.isClosing)
  }

  /** The first bytes of what has been received have run. */
  #forget(bytes: number): void {
    this.#pending.copyWithin(0, bytes, this.#pendingLength)
    this.#pendingLength -= bytes
    if (this.#pendingLength === 0) this.#pending = NO_BYTES
  }

  /** Runs what can be run; gives how many bytes that was. */
  #run(bytes: Uint8Array, length: number): number {
    try {
      this.#share.executor.beginTurn()
      this.#share.active = this
      this.#runningBytes = length
      const consumed = this.#runRequests(bytes, length)
      this.#share.active = undefined
      this.#share.executor.endTurn()
      if (!this.#isClogged && length - consumed > this.#share.requestBytesMax) {
        this.client.isClosing = true
        this.#share.traffic.queryLimitDisconnections += 1
      }
      this.#write()
      this.#writeLate()
      const isSent = this.#lateBytes === 0 && !this.#isHeld
      if (this.client.isClosing && isSent) this.#socket.destroySoon()
      this.#share.executor.settle()
      return consumed
    } catch (error) {
      // Half a reply may have been written: nobody could read on from there.
      this.#share.active = undefined
      this.#share.executor.endTurn()
      this.#share.writer.clear()
      this.#share.onFailure(error)
      this.client.isClosing = true
      this.#socket.destroy()
      return length
    }
  }

  /** All whole requests, unless the client closes or does not take its replies. */
  #runRequests(bytes: Uint8Array, length: number): number {
    const { executor, writer } = this.#share
    this.#parserLimits.bulkBytesMax = this.#share.bulkBytesMax
    writer.bytesMax = this.#replyBytesMax
    const writeFrom = Math.min(WRITE_BYTES_MAX, writer.bytesMax)
    let start = 0
    while (start < length && !this.client.isClosing && !this.#isHeldBack) {
      this.#parserLimits.isAuthenticated = this.client.isAuthenticated
      const result = this.#parser.parse(bytes, start, length, this.#parserLimits)
      if (result === 'incomplete') break
      writer.protocol = this.client.protocol
      if (result === 'error') {
        executor.error(writer, this.#parser.error)
        this.client.isClosing = true
        break
      }
      if (result === 'command' && !this.#execute()) break
      if (result === 'empty') this.client.onEmptyLine?.()
      start = this.#parser.end
      if (writer.length >= writeFrom) this.#write()
    }
    return start
  }

  /** Waits for something, or does not take its replies: further requests stay unread. */
  get #isHeldBack(): boolean {
    return this.#isClogged || this.client.is(CLIENT_STATE.blocked)
  }

  /** False when the command was put off: it is read again once the client goes on. */
  #execute(): boolean {
    const { executor, writer } = this.#share
    const { client } = this
    const wasMuted = client.replyMode !== 'on'
    const wasReplica = client.is(CLIENT_STATE.replica)
    const replyAt = writer.length
    try {
      executor.execute(client, this.#argv, writer)
    } catch (error) {
      if (!(error instanceof SlabExhaustedError)) throw error
      writer.truncate(replyAt)
      executor.error(writer, replyErrors.outOfMemory)
    }
    if (client.state === 0) return true
    if (wasReplica && writer.length > replyAt) {
      this.#hangUpOnReplica(replyAt)
      return true
    }
    if (client.is(CLIENT_STATE.blocked) && client.waiter === undefined) return false
    if (client.is(CLIENT_STATE.muted)) this.#mute(wasMuted, replyAt)
    return true
  }

  /** The answer would stand amid the stream. */
  #hangUpOnReplica(replyAt: number): void {
    const { onReplicaReply, writer } = this.#share
    const isError = writer.bytes[replyAt] === ERROR_SIGN
    writer.truncate(replyAt)
    this.client.isClosing = true
    onReplicaReply(this.client, this.#argv, isError ? writer.lastError : '')
  }

  /** CLIENT REPLY: takes the reply back, unless it is the one that said so. */
  #mute(wasMuted: boolean, replyAt: number): void {
    const { client } = this
    if (client.replyMode === 'skipNext') {
      client.replyMode = 'skip'
      return
    }
    if (!wasMuted) return
    this.#share.writer.truncate(replyAt)
    // Messages that came meanwhile stand where the reply would have.
    for (const message of this.#late) this.#share.writer.raw(message)
    this.#late = []
    this.#lateBytes = 0
    if (client.replyMode === 'skip') client.setReplyMode('on')
  }

  #append(bytes: Uint8Array, length: number): void {
    const needed = this.#pendingLength + length
    if (needed > this.#pending.length) {
      const larger = new Uint8Array(this.#capacityFor(needed))
      larger.set(this.#pending.subarray(0, this.#pendingLength))
      this.#pending = larger
    }
    this.#pending.set(bytes.subarray(0, length), this.#pendingLength)
    this.#pendingLength = needed
  }

  /** Twice as much as before, but no more than a bulk that has been announced still needs. */
  #capacityFor(needed: number): number {
    const doubled = Math.max(needed, this.#pending.length * 2)
    const { wantedBytes } = this.#parser
    return wantedBytes >= needed ? Math.min(doubled, wantedBytes) : doubled
  }

  #write(): void {
    const { writer } = this.#share
    if (writer.isDropping || writer.length > writer.bytesMax) {
      writer.clear()
      return this.#endAtOutputLimit()
    }
    if (writer.length === 0) return
    if (this.#mustHold()) this.#hold()
    // What the kernel has not taken is still the socket's: it may not be written over.
    else if (this.#send(writer.written())) writer.leave()
    else writer.clear()
  }

  /** Also while what it has been answered before is held: replies leave in their order. */
  #mustHold(): boolean {
    if (!this.#isHeld) this.#isHeld = this.#share.gate.holds(this)
    return this.#isHeld
  }

  /** Late answers stand before: their commands came first. */
  #hold(): void {
    const { writer } = this.#share
    for (const late of this.#late) this.#holdBytes(late, late.length)
    this.#late = []
    this.#lateBytes = 0
    this.#holdBytes(writer.bytes, writer.length)
    writer.clear()
  }

  #holdBytes(bytes: Uint8Array, length: number): void {
    const { held } = this.#share
    if (this.#heldLength === 0) this.#heldStart = held.end
    else if (this.#heldStart + this.#heldLength < held.end) {
      // Another's stand behind its own: they move, to be one piece.
      this.#heldStart = held.move(this.#heldStart, this.#heldLength)
    }
    held.add(bytes, length)
    this.#heldLength += length
  }

  #releaseHeld(isDurable: boolean): void {
    const { held } = this.#share
    const replies = held.slice(this.#heldStart, this.#heldStart + this.#heldLength)
    this.#heldLength = 0
    const isUnsent = isDurable && !this.#socket.destroyed && this.#send(replies)
    held.release(replies.length, isUnsent)
  }

  /** True when the socket still needs the bytes' memory. */
  #send(replies: Uint8Array): boolean {
    this.#share.traffic.outputBytes += replies.length
    this.#share.traffic.writes += 1
    this.#socket.write(replies)
    const unsentBytes = this.#socket.writableLength
    if (unsentBytes === 0) return false
    this.enforceOutputLimit(this.#share.executor.nowMs)
    if (unsentBytes > UNSENT_BYTES_MAX && !this.#isClogged) {
      this.#isClogged = true
      this.#socket.pause()
    }
    return true
  }
}

/** Node.js keeps the number in the handle, which its types do not know. */
function descriptorOf(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle')
  const descriptor: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined
  return typeof descriptor === 'number' ? descriptor : -1
}
