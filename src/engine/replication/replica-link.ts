import { renameSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { Logger } from '../../shared/logger.ts'
import type { Client, OutputState } from '../execution/client.ts'
import { NO_OUTPUT_STATE } from '../execution/client.ts'
import type { ConfigService, EngineServices } from '../execution/context.ts'
import type { Executor } from '../execution/executor.ts'
import type { ByteSource } from '../persistence/rdb-input.ts'
import { type CommandPart, encodeCommand } from '../protocol/command-encoder.ts'
import { CopyReceiver } from './copy-receiver.ts'
import { type CopyStore, FileCopyStore, MemoryCopyStore } from './copy-store.ts'
import { Handshake, type HandshakeResult } from './handshake.ts'
import { PrimaryClient } from './primary-client.ts'
import { secondsBetween } from './replicas.ts'
import type { ReplicationStream } from './replication-stream.ts'

const LINE_BYTES_MAX = 1_024
const NEW_LINE = 10
const CARRIAGE_RETURN = 13
const KEEP_ALIVE = Buffer.from('\n')
const NO_BYTES = Buffer.alloc(0)

/** As ROLE tells it. */
export type LinkState = 'connect' | 'connecting' | 'handshake' | 'sync' | 'connected'

export interface PrimaryAddress {
  readonly host: string
  readonly port: number
}

/** What a copy says of the stream that follows it. */
export interface LoadedCopy {
  readonly streamDatabase: number
}

/** What becomes of this engine's history; replication.ts. */
export interface LinkOwner {
  /** What there is, for PSYNC; undefined when it can be continued by no stream. */
  readonly known: { readonly id: string; readonly nextOffset: number } | undefined
  /** A FAILOVER to this address is under way. */
  readonly isFailover: boolean
  /** All data is about to be replaced. */
  beginCopy(): void
  copied(id: string, offset: number): void
  /** The stream goes on, under another id if one is given. */
  continued(id: string | undefined): void
  /** The primary has agreed to be one, or has not. */
  agreed(): void
  refused(reason: string): void
  /** The copy could not be loaded, or was given up in the middle. */
  copyFailed(): void
  /** Commands of the primary that failed here. */
  unexpectedErrors: number
  /** Of the primary: its stream, and copies. */
  receivedBytes: number
  /** The database that the stream has selected so far. */
  streamDatabase: number
}

export interface ReplicaLinkOptions {
  readonly address: PrimaryAddress
  readonly owner: LinkOwner
  readonly stream: ReplicationStream
  readonly services: () => EngineServices
  readonly executor: () => Executor
  readonly log: Logger
  readonly connect: (address: PrimaryAddress) => Socket
  /** Where this engine listens. */
  readonly port: () => number
  /** Tells this process' files from those of others. */
  readonly processId: number
  /** Replaces all data; throws, or rejects, when the copy is damaged. */
  readonly load: (source: ByteSource, isCancelled: () => boolean) => Promise<LoadedCopy>
}

/** The connection to a primary: made again and again until it stands, and whenever it breaks. */
export class ReplicaLink {
  readonly address: PrimaryAddress
  state: LinkState = 'connect'
  lastReceivedMs: number
  /** Since when it is down; undefined when it was never up. */
  downSinceMs: number | undefined
  receiver: CopyReceiver | undefined
  readonly #options: ReplicaLinkOptions
  #socket: Socket | undefined
  #handshake: Handshake | undefined
  #copy: { readonly id: string; readonly offset: number } | undefined
  #store: CopyStore | undefined
  #client: PrimaryClient | undefined
  #line = NO_BYTES
  /** Bytes that came after the copy while it is loaded. */
  #early: Buffer[] = []
  #isLoading = false
  #isStopped = false

  constructor(options: ReplicaLinkOptions) {
    this.#options = options
    this.address = options.address
    this.lastReceivedMs = this.#nowMs
  }

  /** Received and not applied yet. */
  get pendingBytes(): number {
    return this.#client?.pendingBytes ?? 0
  }

  /** The database that the stream has selected. */
  get streamDatabase(): number {
    return this.#client?.client.databaseIndex ?? this.#options.owner.streamDatabase
  }

  connect(): void {
    const { host, port } = this.address
    const { connect, log } = this.#options
    log.info({ host, port }, 'connecting to the primary')
    this.state = 'connecting'
    this.lastReceivedMs = this.#nowMs
    const socket = connect(this.address)
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('connect', () => this.#connected(socket))
    socket.on('data', (bytes: Buffer) => {
      this.#options.owner.receivedBytes += bytes.length
      this.#guarded(socket, () => this.#receive(bytes))
    })
    socket.on('error', (error) => this.#lost(socket, error.message))
    socket.on('close', () => this.#lost(socket, 'the connection was lost'))
  }

  /** For good: this engine follows another primary, or none. */
  stop(): void {
    this.#isStopped = true
    this.#disconnect()
  }

  /** Once a second. */
  tick(): void {
    const seconds = secondsBetween(this.lastReceivedMs, this.#nowMs)
    if (this.state === 'connect') this.connect()
    else if (this.#isLoading) this.#socket?.write(KEEP_ALIVE)
    else if (seconds > this.#config.integer('repl-timeout')) {
      this.#options.log.warn({ state: this.state }, silenceIn(this.state))
      this.#reconnect()
    }
    this.acknowledge()
  }

  /** Tells the primary how far this replica is. */
  acknowledge(): void {
    if (this.state !== 'connected') return
    this.#send(['REPLCONF', 'ACK', this.#options.stream.offset])
  }

  /** Commands that had to wait may run. */
  resume(): void {
    this.#client?.run()
  }

  get #nowMs(): number {
    return this.#options.services().keyspace.nowMs
  }

  get #config(): ConfigService {
    return this.#options.services().config
  }

  #connected(socket: Socket): void {
    if (socket !== this.#socket) return
    this.state = 'handshake'
    this.#line = NO_BYTES
    const config = this.#config
    const { owner, port } = this.#options
    const password = config.value('masterauth')
    const announced = config.integer('replica-announce-port')
    this.#handshake = new Handshake(
      {
        credentials: password === '' ? undefined : { user: config.value('masteruser'), password },
        port: announced > 0 ? announced : port(),
        address: config.value('replica-announce-ip'),
        known: owner.known,
        isFailover: owner.isFailover,
      },
      (parts) => this.#send(parts),
    )
    this.#handshake.begin()
  }

  /** A bug of ours, or a disk that refuses, ends this connection and nothing else. */
  #guarded(socket: Socket, receive: () => void): void {
    if (socket !== this.#socket) return
    try {
      this.#options.executor().beginTurn()
      this.lastReceivedMs = this.#nowMs
      receive()
    } catch (error) {
      this.#options.log.error({ err: error }, 'the stream of the primary could not be taken')
      this.#reconnect()
    }
  }

  #receive(bytes: Buffer): void {
    if (this.#client !== undefined) this.#client.receive(bytes)
    else if (this.#isLoading) this.#early.push(bytes)
    else if (this.receiver !== undefined) this.#receiveCopy(bytes)
    else this.#receiveLines(bytes)
  }

  /** One line after the other, as long as lines are what is expected. */
  #receiveLines(bytes: Buffer): void {
    const all = this.#line.length === 0 ? bytes : Buffer.concat([this.#line, bytes])
    this.#line = NO_BYTES
    const end = all.indexOf(NEW_LINE)
    if (end < 0) {
      if (all.length > LINE_BYTES_MAX) return this.#fail('a line of the handshake is too long')
      this.#line = Buffer.from(all)
      return
    }
    const lineEnd = all[end - 1] === CARRIAGE_RETURN ? end - 1 : end
    this.#receiveLine(all.toString('latin1', 0, lineEnd))
    const rest = all.subarray(end + 1)
    if (rest.length > 0 && this.#socket !== undefined) this.#receive(rest)
  }

  #receiveLine(line: string): void {
    if (this.#copy !== undefined) return this.#beginCopy(line)
    const result = this.#handshake?.receive(line)
    if (result !== undefined) this.#agreed(result)
  }

  #agreed(result: HandshakeResult): void {
    const { log, owner } = this.#options
    this.#handshake = undefined
    switch (result.kind) {
      case 'copy':
        log.info({ id: result.id, offset: result.offset }, 'a full copy comes from the primary')
        this.#copy = result
        this.state = 'sync'
        return owner.agreed()
      case 'continue':
        log.info({ id: result.id }, 'the stream of the primary goes on where it was')
        owner.continued(result.id)
        owner.agreed()
        return this.#follow(owner.streamDatabase)
      case 'failed':
        this.#fail(result.reason)
        owner.refused(result.reason)
    }
  }

  #beginCopy(line: string): void {
    if (line === '') return
    const store = this.#newStore()
    const receiver = new CopyReceiver(store)
    this.#store = store
    if (!receiver.begin(line)) return this.#fail(`no copy, but: ${line}`)
    this.receiver = receiver
    if (receiver.finish()) this.#load()
  }

  #newStore(): CopyStore {
    const config = this.#config
    const mode = config.value('repl-diskless-load')
    const { keyspace } = this.#options.services()
    if (mode === 'swapdb' || (mode === 'on-empty-db' && keyspace.keyCount === 0)) {
      return new MemoryCopyStore()
    }
    const name = `temp-${Math.floor(this.#nowMs / 1_000)}.${this.#options.processId}.rdb`
    return new FileCopyStore(join(config.value('dir'), name))
  }

  #receiveCopy(bytes: Buffer): void {
    const { receiver } = this
    if (receiver === undefined) return
    const taken = receiver.receive(bytes)
    if (taken < bytes.length) this.#early.push(bytes.subarray(taken))
    if (receiver.finish()) this.#load()
  }

  #load(): void {
    const { log, owner } = this.#options
    const store = this.#store
    const socket = this.#socket
    if (store === undefined || socket === undefined) return
    this.#isLoading = true
    // What comes next waits in the kernel.
    socket.pause()
    if (store instanceof FileCopyStore) this.#keepFile(store)
    owner.beginCopy()
    this.#options
      .load(store.source(), () => socket !== this.#socket)
      .then(
        (loaded) => this.#loaded(socket, loaded),
        (error: unknown) => {
          log.error({ err: error }, 'the copy of the primary could not be loaded')
          if (socket === this.#socket) this.#reconnect()
        },
      )
  }

  /** It takes the place of this engine's own file: what a restart would begin with. */
  #keepFile(store: FileCopyStore): void {
    store.sync()
    const config = this.#config
    renameSync(store.path, join(config.value('dir'), config.value('dbfilename')))
  }

  #loaded(socket: Socket, { streamDatabase }: LoadedCopy): void {
    const copy = this.#copy
    if (socket !== this.#socket || copy === undefined) return
    const { log, owner } = this.#options
    const hadEndMark = this.receiver?.hasEndMark === true
    this.#isLoading = false
    owner.copied(copy.id, copy.offset)
    log.info({ id: copy.id, offset: copy.offset }, 'the copy of the primary is loaded')
    const early = this.#early
    this.#forgetCopy()
    this.#follow(streamDatabase)
    // The primary waits for it before it sends anything.
    if (hadEndMark) this.acknowledge()
    for (const bytes of early) this.#receive(bytes)
    socket.resume()
  }

  /** From here on the bytes are commands. */
  #follow(databaseIndex: number): void {
    const { executor, services, stream } = this.#options
    const { clients, keyspace, pause } = services()
    const { host, port } = this.address
    const client = clients.add({
      address: `${host}:${port}`,
      nowMs: this.#nowMs,
      isEmbedded: false,
      isTrusted: true,
    })
    client.databaseIndex = databaseIndex
    client.isReplaying = true
    this.state = 'connected'
    this.downSinceMs = undefined
    this.#client = new PrimaryClient({
      executor: executor(),
      keyspace,
      stream,
      client,
      isHeldBack: () => pause.isPaused || services().scripting.busyError !== undefined,
      onBroken: (reason) => this.#fail(reason),
      onError: (command, error) => {
        this.#options.owner.unexpectedErrors += 1
        this.#options.log.warn({ command, error }, 'a command of the primary fails here')
      },
      state: () => this.#outputState(),
    })
  }

  #outputState(): OutputState {
    const socket = this.#socket
    if (socket === undefined) return NO_OUTPUT_STATE
    const { localAddress = '', localPort = 0 } = socket
    return {
      ...NO_OUTPUT_STATE,
      localAddress: `${localAddress}:${localPort}`,
      inputBytes: this.pendingBytes,
      outputBytes: socket.writableLength,
      events: 'r',
    }
  }

  #send(parts: readonly CommandPart[]): void {
    this.#socket?.write(encodeCommand(parts))
  }

  #fail(reason: string): void {
    const { host, port } = this.address
    this.#options.log.warn({ host, port, reason }, 'the link to the primary is given up')
    const wasConnected = this.state === 'connected'
    this.#disconnect()
    // One that was up is worth trying at once: the backlog does not wait.
    if (wasConnected && !this.#isStopped) this.connect()
  }

  #lost(socket: Socket, reason: string): void {
    if (socket === this.#socket) this.#fail(reason)
  }

  #reconnect(): void {
    this.#disconnect()
    if (!this.#isStopped) this.connect()
  }

  #disconnect(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.destroy()
    if (this.state === 'connected') this.downSinceMs = this.#nowMs
    this.state = 'connect'
    this.#handshake = undefined
    this.#forgetCopy()
    this.#forgetClient()
  }

  #forgetCopy(): void {
    this.#store?.discard()
    this.#store = undefined
    this.#copy = undefined
    this.receiver = undefined
    this.#early = []
    if (this.#isLoading) this.#options.owner.copyFailed()
    this.#isLoading = false
  }

  #forgetClient(): void {
    const client: Client | undefined = this.#client?.client
    this.#client = undefined
    if (client === undefined) return
    this.#options.owner.streamDatabase = client.databaseIndex
    client.isClosing = true
    this.#options.services().clients.remove(client)
  }
}

/** In Redis' words (replication.c, replicationCron), which who watches replicas looks for. */
function silenceIn(state: LinkState): string {
  if (state === 'connected') return 'MASTER timeout: no data nor PING received...'
  return state === 'sync'
    ? "Timeout receiving bulk data from MASTER... If the problem persists try to set the 'repl-timeout' parameter in redis.conf to a larger value."
    : 'Timeout connecting to the MASTER...'
}
