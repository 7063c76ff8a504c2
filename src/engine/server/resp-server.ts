import type { Socket } from 'node:net'
import type { Logger } from '../../shared/logger.ts'
import { CLIENT_STATE } from '../execution/client.ts'
import type { ClientMemory } from '../execution/client-memory.ts'
import type { ClientRegistry } from '../execution/client-registry.ts'
import type { ConfigService } from '../execution/context.ts'
import type { Executor } from '../execution/executor.ts'
import type { ListeningService } from '../execution/listening-service.ts'
import type { ReplyGate } from '../execution/reply-gate.ts'
import type { Turn } from '../execution/turn.ts'
import { Rate } from '../introspection/rate.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { RespWriter } from '../protocol/resp-writer.ts'
import { Connection, type ConnectionShare, type Traffic } from './connection.ts'
import { Endpoints, type ListeningAddress } from './endpoints.ts'
import { HeldReplies } from './held-replies.ts'
import type { Transport } from './listeners.ts'
import { NO_OUTPUT_LIMIT, parseOutputLimits } from './output-limits.ts'
import { type ReceiveBytes, readByEvents, takeOverSocket } from './take-over-socket.ts'

/** What one read of a socket takes at most. */
const READ_BYTES_MAX = 64 * 1_024

const LOOPBACK = /^(?:::1|::ffff:127\.|127\.)/

const PROTECTED =
  "DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. In this mode connections are only accepted from the loopback interface. If you want to connect from external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the same host the server is running, however MAKE SURE Redis is not publicly accessible from internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable the protected mode by editing the Redis configuration file, and setting the protected mode option to 'no', and then restarting the server. 3) If you started the server manually just for testing, restart it with the '--protected-mode no' option. 4) Setup a an authentication password for the default user. NOTE: You only need to do one of the above things in order for the server to start accepting connections from the outside."

export interface RespServerOptions {
  readonly executor: Executor
  readonly config: ConfigService
  readonly log: Logger
  readonly turn: Turn
  readonly gate: ReplyGate
  readonly clients: ClientRegistry
  readonly clientMemory: ClientMemory
  /** Whether who connects is let in without a password. */
  readonly isOpen: () => boolean
  readonly onReplicaReply: ConnectionShare['onReplicaReply']
}

/** Serves the engine's commands over sockets. */
export class RespServer {
  readonly #options: RespServerOptions
  readonly #connections = new Map<Socket, Connection>()
  readonly #share: ConnectionShare
  /** No Buffer: commands take views of it, and those of a Buffer cost twice as much. */
  readonly #readBuffer = new Uint8Array(READ_BYTES_MAX)
  readonly #endpoints: Endpoints
  readonly commandRate = new Rate()
  readonly inputRate = new Rate()
  readonly outputRate = new Rate()
  readonly replicaOutputRate = new Rate()
  connectionsReceived = 0
  connectionsRejected = 0
  /** At the last cycle: buffers of the connections that are still there, and the largest of one. */
  bufferBytes = 0
  largestInputBytes = 0
  largestOutputBytes = 0

  constructor(options: RespServerOptions) {
    this.#options = options
    this.#endpoints = new Endpoints({
      config: options.config,
      log: options.log,
      accept: (socket, transport) => this.#accept(socket, transport),
    })
    this.#share = {
      executor: options.executor,
      turn: options.turn,
      gate: options.gate,
      clientMemory: options.clientMemory,
      writer: new RespWriter(),
      lateWriter: new RespWriter(),
      held: new HeldReplies(),
      active: undefined,
      bulkBytesMax: 0,
      requestBytesMax: 0,
      outputLimits: { normal: NO_OUTPUT_LIMIT, pubsub: NO_OUTPUT_LIMIT, replica: NO_OUTPUT_LIMIT },
      traffic: noTraffic(),
      onReplicaReply: options.onReplicaReply,
      onFailure: (error) => options.log.error({ err: error }, 'a command failed'),
    }
    this.#share.writer.endsAtExcess = () => this.#share.active?.endsAtExcess() === true
    options.config.onValue('proto-max-bulk-len', (value) => {
      this.#share.bulkBytesMax = Number(value)
    })
    options.config.onValue('client-query-buffer-limit', (value) => {
      this.#share.requestBytesMax = Number(value)
    })
    for (const name of ['client-output-buffer-limit', 'repl-backlog-size']) {
      options.config.onValue(name, () => {
        this.#share.outputLimits = parseOutputLimits(
          options.config.value('client-output-buffer-limit'),
          options.config.integer('repl-backlog-size'),
        )
      })
    }
    for (const name of ['timeout', 'tcp-keepalive']) {
      options.config.onValue(name, () =>
        this.#connections.forEach((_, socket) => this.#setTimeouts(socket)),
      )
    }
  }

  /** The TCP port it listens on; 0 while it does not. */
  get port(): number {
    return this.#endpoints.port
  }

  get listening(): ListeningService {
    return this.#endpoints
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  get traffic(): Readonly<Traffic> {
    return this.#share.traffic
  }

  /** Once a cycle: adds the buffers of all connections up, since commands ask for the sum, and takes rates. */
  sample(commandsProcessed: number): void {
    const { nowMs } = this.#options.executor
    this.bufferBytes = 0
    this.largestInputBytes = 0
    this.largestOutputBytes = 0
    for (const connection of this.#connections.values()) {
      connection.enforceOutputLimit(nowMs)
      // What a replica has not taken lies in the stream's own buffers.
      const isReplica = connection.client.is(CLIENT_STATE.replica)
      connection.countedBytes = isReplica ? 0 : connection.heldBytes
      this.bufferBytes += connection.countedBytes
      this.largestInputBytes = Math.max(this.largestInputBytes, connection.inputBytes)
      this.largestOutputBytes = Math.max(this.largestOutputBytes, connection.outputBytes)
    }
    this.commandRate.sample(commandsProcessed, nowMs)
    this.inputRate.sample(this.traffic.inputBytes, nowMs)
    this.outputRate.sample(this.traffic.outputBytes, nowMs)
    this.replicaOutputRate.sample(this.traffic.replicaOutputBytes, nowMs)
  }

  resetStatistics(): void {
    this.connectionsReceived = 0
    this.connectionsRejected = 0
    Object.assign(this.#share.traffic, noTraffic())
  }

  /** Serves one address, whatever the directives say; port 0 picks a free one. */
  async listen(address: ListeningAddress): Promise<{ port: number }> {
    await this.#endpoints.listen(address)
    return { port: this.port }
  }

  /** Serves what `bind`, `port`, `tls-port` and `unixsocket` say; with none of them, a free port. */
  async listenAsConfigured(): Promise<{ port: number }> {
    await this.#endpoints.listenAsConfigured()
    return { port: this.port }
  }

  async close(): Promise<void> {
    const closed = this.#endpoints.close()
    for (const socket of this.#connections.keys()) socket.destroy()
    await closed
  }

  #accept(accepted: Socket, transport: Transport): void {
    const isUnix = transport === 'unix'
    const address = isUnix
      ? this.#options.config.value('unixsocket')
      : (accepted.remoteAddress ?? '')
    const refusal = this.#refusalFor(isUnix ? undefined : address)
    if (refusal !== undefined) {
      this.connectionsRejected += 1
      accepted.on('error', () => accepted.destroy())
      accepted.end(`-${refusal}\r\n`)
      // Without a reader the other side's end would never be noticed.
      accepted.destroySoon()
      return
    }
    this.connectionsReceived += 1
    const { clients, executor } = this.#options
    executor.beginTurn()
    const client = clients.add({
      address: `${address}:${accepted.remotePort ?? 0}`,
      nowMs: executor.nowMs,
      isEmbedded: false,
    })
    const receive: ReceiveBytes = (bytes, length) => connection.receive(bytes, length)
    const socket =
      transport === 'tls'
        ? readByEvents(accepted, receive)
        : takeOverSocket(accepted, this.#readBuffer, receive)
    const connection = new Connection(socket, client, this.#share)
    this.#connections.set(socket, connection)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.#connections.delete(socket)
      this.bufferBytes -= connection.countedBytes
      clients.remove(client)
    })
    // Who waits or listens is silent for a reason.
    const mayBeSilent = CLIENT_STATE.blocked | CLIENT_STATE.subscribed | CLIENT_STATE.replica
    socket.on('timeout', () => {
      if ((client.state & mayBeSilent) === 0) socket.destroy()
    })
    this.#setTimeouts(socket)
  }

  /** Without an address: for who came through the file system. */
  #refusalFor(address: string | undefined): string | undefined {
    const { config, isOpen } = this.#options
    if (this.#connections.size >= config.integer('maxclients')) return replyErrors.maxClients
    const isProtected = config.value('protected-mode') === 'yes' && isOpen()
    return isProtected && address !== undefined && !LOOPBACK.test(address) ? PROTECTED : undefined
  }

  #setTimeouts(socket: Socket): void {
    const { config } = this.#options
    const keepAliveSeconds = config.integer('tcp-keepalive')
    socket.setKeepAlive(keepAliveSeconds > 0, keepAliveSeconds * 1_000)
    socket.setTimeout(config.integer('timeout') * 1_000)
  }
}

function noTraffic(): Traffic {
  return {
    inputBytes: 0,
    outputBytes: 0,
    replicaOutputBytes: 0,
    reads: 0,
    writes: 0,
    queryLimitDisconnections: 0,
    outputLimitDisconnections: 0,
  }
}
