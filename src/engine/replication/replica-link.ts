import type { Socket } from 'node:net'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import type { Logger } from '../../shared/logger.ts'
import { printable } from '../../shared/printable.ts'
import type { Client, OutputState } from '../execution/client.ts'
import { NO_OUTPUT_STATE } from '../execution/client.ts'
import type { ConfigService, EngineServices } from '../execution/context.ts'
import type { Executor } from '../execution/executor.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { type CommandPart, encodeCommand } from '../protocol/command-encoder.ts'
import type { CopyRequest, LoadedCopy } from './copy-loader.ts'
import { CopyPipe } from './copy-pipe.ts'
import type { CopyReceiver } from './copy-receiver.ts'
import { FileCopyStore } from './copy-store.ts'
import { CopyTransfer } from './copy-transfer.ts'
import { criticalError } from './critical-error.ts'
import { Handshake, type HandshakeResult } from './handshake.ts'
import { failureIn, type LinkState, silenceIn } from './link-failures.ts'
import type { NodeAddress } from './node-address.ts'
import { PrimaryClient } from './primary-client.ts'
import { secondsBetween } from './replicas.ts'
import type { ReplicationStream } from './replication-stream.ts'

const LINE_BYTES_MAX = 1_024
/** Redis tries again at once, however often it is hung up on; here ten times a second are enough. */
const RETRY_MS = 100
const NEW_LINE = 10
const CARRIAGE_RETURN = 13
const KEEP_ALIVE = Buffer.from('\n')
const NO_BYTES = Buffer.alloc(0)

/** What becomes of this engine's history; replication.ts. */
export interface LinkOwner {
  /** What there is, for PSYNC; undefined when it can be continued by no stream. */
  readonly known: { readonly id: string; readonly nextOffset: number } | undefined
  /** A FAILOVER to this address is under way. */
  readonly isFailover: boolean
  /** The name of the data there is. */
  readonly historyId: string
  /** A copy is loaded from now on, or no longer. With `isServed` the old data is still there for all who ask. */
  loading(isLoading: boolean, isServed: boolean): void
  /** All data is about to be replaced. */
  beginCopy(): void
  /** Without an id nobody can go on from it. */
  copied(id: string | undefined, offset: number): void
  /** A command of the stream ended in the middle: nothing but a copy is the primary's data from now on. */
  diverged(): void
  /** The stream goes on, under another id if one is given. */
  continued(id: string | undefined): void
  /** The primary has agreed to be one, or has not. */
  agreed(): void
  refused(): void
  /** Commands of the primary that failed here. */
  unexpectedErrors: number
  /** Of the primary: its stream, and copies. */
  receivedBytes: number
  /** The database that the stream has selected so far. */
  streamDatabase: number
  /** How often a link has come to stand. */
  linkCount: number
}

export interface ReplicaLinkOptions {
  readonly address: NodeAddress
  readonly owner: LinkOwner
  readonly stream: ReplicationStream
  readonly services: () => EngineServices
  readonly executor: () => Executor
  readonly log: Logger
  readonly connect: (address: NodeAddress) => Socket
  /** Where this engine listens. */
  readonly port: () => number
  /** Tells this process' files from those of others. */
  readonly processId: number
  /** Ends the process, where that is ours to do. */
  readonly onFatal: (() => void) | undefined
  /** Whether sums at the end of copies count. */
  readonly checksSums: () => boolean
  /** Replaces all data; rejects when the copy is damaged. */
  readonly load: (request: CopyRequest) => Promise<LoadedCopy>
}

/** The connection to a primary: made again and again until it stands, and whenever it breaks. */
export class ReplicaLink {
  readonly address: NodeAddress
  state: LinkState = 'connect'
  lastReceivedMs: number
  /** Since when it is down; undefined when it was never up. */
  downSinceMs: number | undefined
  readonly #options: ReplicaLinkOptions
  #socket: Socket | undefined
  #handshake: Handshake | undefined
  /** A copy comes: this is what it is of. */
  #awaited: { readonly id: string | undefined; readonly offset: number } | undefined
  #transfer: CopyTransfer | undefined
  #client: PrimaryClient | undefined
  /** The primary knows SYNC only, and no acknowledgements. */
  #isOldPrimary = false
  #line = NO_BYTES
  #triedAtMs = Number.NEGATIVE_INFINITY
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

  /** Of the copy that comes. */
  get receiver(): CopyReceiver | undefined {
    return this.#transfer?.receiver
  }

  /** The database that the stream has selected. */
  get streamDatabase(): number {
    return this.#client?.client.databaseIndex ?? this.#options.owner.streamDatabase
  }

  connect(how: 'Connecting' | 'Reconnecting' = 'Connecting'): void {
    const { host, port } = this.address
    const { connect, log } = this.#options
    log.info({}, `${how} to MASTER ${host}:${port}`)
    this.state = 'connecting'
    this.#triedAtMs = this.#nowMs
    this.lastReceivedMs = this.#nowMs
    let socket: Socket
    try {
      socket = connect(this.address)
    } catch (error) {
      // A file of TLS that cannot be read: it may be there the next time.
      const why = error instanceof Error ? error.message : String(error)
      log.warn({}, `Unable to connect to MASTER: ${why}`)
      this.state = 'connect'
      return
    }
    this.#socket = socket
    log.info({}, 'MASTER <-> REPLICA sync started')
    socket.setNoDelay(true)
    // Over TLS it stands once the certificates are good.
    const standing = socket instanceof TLSSocket ? 'secureConnect' : 'connect'
    socket.on(standing, () => this.#connected(socket))
    socket.on('data', (bytes: Buffer) => {
      this.#options.owner.receivedBytes += bytes.length
      this.#guarded(socket, () => this.#receive(bytes))
    })
    socket.on('error', (error) => this.#lost(socket, error.message))
    socket.on('end', () => this.#lost(socket, 'connection lost'))
    socket.on('close', () => this.#lost(socket, 'connection lost'))
  }

  /** For good: this engine follows another primary, or none. */
  stop(): void {
    this.#isStopped = true
    this.#disconnect()
  }

  /** Once a second. */
  tick(): void {
    const transfer = this.#transfer
    if (this.state === 'connect') return this.connect()
    if (transfer?.isLoading === true) this.#socket?.write(KEEP_ALIVE)
    if (transfer?.isWaiting === false) this.lastReceivedMs = this.#nowMs
    const seconds = secondsBetween(this.lastReceivedMs, this.#nowMs)
    if (seconds > this.#config.integer('repl-timeout')) {
      this.#options.log.warn({}, silenceIn(this.state))
      this.#reconnect()
    }
    this.acknowledge()
  }

  /** Tells the primary how far this replica is. */
  acknowledge(): void {
    if (this.state !== 'connected' || this.#isOldPrimary) return
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
    const { log, owner, port } = this.#options
    log.info({}, 'Non blocking connect for SYNC fired the event.')
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
      { send: (parts) => this.#send(parts), tell: (note) => log.info({}, note) },
    )
    this.#handshake.begin()
  }

  /** A bug of ours, the end of memory, or a disk that refuses, ends this connection and nothing else. */
  #guarded(socket: Socket, receive: () => void): void {
    if (socket !== this.#socket) return
    try {
      const executor = this.#options.executor()
      executor.beginTurn()
      this.lastReceivedMs = this.#nowMs
      receive()
      // Clients may have been let go.
      executor.settle()
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#options.log.error({ err: error }, `What MASTER sent could not be taken: ${why}`)
      if (this.#client !== undefined) this.#options.owner.diverged()
      this.#reconnect()
    }
  }

  #receive(bytes: Buffer): void {
    if (this.#client !== undefined) this.#client.receive(bytes)
    else if (this.#transfer !== undefined) this.#transfer.receive(bytes)
    else this.#receiveLines(bytes)
  }

  /** One line after the other, as long as lines are what is expected. */
  #receiveLines(bytes: Buffer): void {
    const all = this.#line.length === 0 ? bytes : Buffer.concat([this.#line, bytes])
    this.#line = NO_BYTES
    const end = all.indexOf(NEW_LINE)
    if (end < 0) {
      if (all.length > LINE_BYTES_MAX)
        return this.#fail('Bad protocol from MASTER, its line has no end')
      this.#line = Buffer.from(all)
      return
    }
    const lineEnd = all[end - 1] === CARRIAGE_RETURN ? end - 1 : end
    this.#receiveLine(printable(all.toString('latin1', 0, lineEnd)))
    const rest = all.subarray(end + 1)
    if (rest.length > 0 && this.#socket !== undefined) this.#receive(rest)
  }

  #receiveLine(line: string): void {
    if (this.#awaited !== undefined) return this.#beginCopy(line)
    const result = this.#handshake?.receive(line)
    if (result !== undefined) this.#agreed(result)
  }

  #agreed(result: HandshakeResult): void {
    const { log, owner } = this.#options
    this.#handshake = undefined
    switch (result.kind) {
      case 'copy':
        log.info({}, `Full resync from master: ${result.id}:${result.offset}`)
        this.#awaited = result
        this.state = 'sync'
        return owner.agreed()
      case 'continue':
        log.info({}, 'Successful partial resynchronization with master.')
        owner.continued(result.id)
        owner.agreed()
        log.info({}, 'MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.')
        return this.#follow(owner.streamDatabase)
      case 'refused':
        return this.#refused(result.reason, result.isTransient)
      case 'failed':
        this.#fail(result.reason)
    }
  }

  #refused(reason: string, isTransient: boolean): void {
    const { log, owner } = this.#options
    if (isTransient || owner.isFailover) {
      this.#fail(reason)
      return owner.refused()
    }
    log.info({}, reason)
    log.info({}, 'Retrying with SYNC...')
    this.#isOldPrimary = true
    this.#awaited = { id: undefined, offset: 0 }
    this.state = 'sync'
    this.#socket?.write('SYNC\r\n')
  }

  #beginCopy(line: string): void {
    if (line === '') return
    const transfer = this.#newTransfer()
    this.#transfer = transfer
    if (transfer.begin(line)) return
    this.#fail(
      line.startsWith('-')
        ? `MASTER aborted replication with an error: ${line.slice(1)}`
        : `Bad protocol from MASTER, the first byte is not '$' (we received '${line}'), are you sure the host and port are right?`,
    )
  }

  #newTransfer(): CopyTransfer {
    const { checksSums, load, log, owner, processId } = this.#options
    const config = this.#config
    const mode = config.value('repl-diskless-load')
    const isAside = mode === 'swapdb'
    const { keyspace } = this.#options.services()
    const isDiskless = isAside || (mode === 'on-empty-db' && keyspace.keyCount === 0)
    const { id, offset } = this.#awaited ?? { id: undefined, offset: 0 }
    // Data of the same history is old, and none of another is mixed with it.
    const isServed = isAside && id === owner.historyId
    const socket = this.#socket
    const directory = config.value('dir')
    const name = `temp-${Math.floor(this.#nowMs / 1_000)}.${processId}.rdb`
    return new CopyTransfer({
      id,
      offset,
      store: isDiskless ? new CopyPipe() : new FileCopyStore(join(directory, name), checksSums()),
      path: join(directory, config.value('dbfilename')),
      keepsFile: () => !isFileUnwanted(config),
      isAside,
      log,
      load,
      onLoading: (isLoading) => owner.loading(isLoading, isServed),
      onReplace: () => owner.beginCopy(),
      onHold: (isHeld) => (isHeld ? socket?.pause() : socket?.resume()),
      onLoaded: (loaded, early) => {
        if (socket !== undefined) this.#guarded(socket, () => this.#loaded(loaded, early))
      },
      onFailed: () => this.#reconnect(),
    })
  }

  #loaded({ streamDatabase }: LoadedCopy, early: readonly Buffer[]): void {
    const transfer = this.#transfer
    if (transfer === undefined) return
    const { log, owner } = this.#options
    const { hasEndMark } = transfer.receiver
    owner.copied(transfer.id, transfer.offset)
    this.#forgetCopy()
    this.#follow(streamDatabase)
    log.info({}, 'MASTER <-> REPLICA sync: Finished with success')
    // The primary waits for it before it sends anything.
    if (hasEndMark) this.acknowledge()
    for (const bytes of early) this.#client?.receive(bytes)
    this.#socket?.resume()
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
    this.#options.owner.linkCount += 1
    this.downSinceMs = undefined
    this.#client = new PrimaryClient({
      executor: executor(),
      keyspace,
      stream,
      client,
      isHeldBack: () => pause.isPaused || services().scripting.busyError !== undefined,
      mustWait: (one, argv) => this.#mustWait(one, argv),
      onBroken: (reason) => this.#fail(reason),
      onError: (command, error) => {
        this.#options.owner.unexpectedErrors += 1
        this.#divergedAt(command, error)
      },
      state: () => this.#outputState(),
    })
  }

  #mustWait(client: Client, argv: ArgumentVector): boolean {
    const { commands, keyspace, largeChanges } = this.#options.services()
    if (keyspace.snapshot === undefined) return false
    const command = commands.find(argv)
    return command !== undefined && largeChanges.stops({ client, command, argv })
  }

  /** The data of the two is not the same any more. */
  #divergedAt(command: string, error: string): void {
    const { log, onFatal } = this.#options
    const config = this.#config
    log.warn({}, criticalError({ from: 'replica', to: 'master' }, command, error))
    const isTolerated =
      config.value('propagation-error-behavior') === 'ignore' ||
      config.value('replica-read-only') === 'no'
    if (isTolerated) return
    const what = 'This replica panicked sending an error to its master'
    log.error({}, `${what} after processing the command '${command}'`)
    onFatal?.()
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
    const { log } = this.#options
    const hadBegun = this.state === 'connected' || this.state === 'sync'
    log.warn({}, failureIn(this.state, reason))
    if (hadBegun) this.#reconnect()
    else this.#disconnect()
  }

  #lost(socket: Socket, reason: string): void {
    if (socket !== this.#socket) return
    this.#options.executor().beginTurn()
    this.#fail(reason)
  }

  /** At once, for the backlog does not wait; but not over and over. */
  #reconnect(): void {
    this.#disconnect()
    const isEarly = this.#nowMs - this.#triedAtMs < RETRY_MS
    if (!this.#isStopped && !isEarly) this.connect('Reconnecting')
  }

  #disconnect(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.destroy()
    if (this.state === 'connected') this.downSinceMs = this.#nowMs
    this.state = 'connect'
    this.#handshake = undefined
    this.#isOldPrimary = false
    this.#forgetCopy()
    this.#forgetClient()
  }

  #forgetCopy(): void {
    const transfer = this.#transfer
    this.#awaited = undefined
    this.#transfer = undefined
    transfer?.giveUp()
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

/** Where nothing else is kept on disk, what the primary holds is not to stay there either. */
function isFileUnwanted(config: ConfigService): boolean {
  return (
    config.value('rdb-del-sync-files') === 'yes' &&
    config.value('save') === '' &&
    config.value('appendonly') === 'no'
  )
}
