import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { invariant } from '../../shared/assert.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Client } from '../execution/client.ts'
import type { ConfigService } from '../execution/context.ts'
import type { Executor } from '../execution/executor.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { RespWriter } from '../protocol/resp-writer.ts'
import { Connection, type ConnectionLimits } from './connection.ts'

const LOOPBACK = /^(?:::1|::ffff:127\.|127\.)/

const PROTECTED =
  "-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. In this mode connections are only accepted from the loopback interface. If you want to connect from external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the same host the server is running, however MAKE SURE Redis is not publicly accessible from internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable the protected mode by editing the Redis configuration file, and setting the protected mode option to 'no', and then restarting the server. 3) If you started the server manually just for testing, restart it with the '--protected-mode no' option. 4) Setup a an authentication password for the default user. NOTE: You only need to do one of the above things in order for the server to start accepting connections from the outside.\r\n"

export interface RespServerOptions {
  readonly executor: Executor
  readonly config: ConfigService
  readonly log: Logger
  /** A client for a connection from this address. */
  readonly newClient: (address: string) => Client
}

/** Serves the engine's commands over TCP. */
export class RespServer {
  readonly #options: RespServerOptions
  readonly #writer = new RespWriter()
  readonly #connections = new Map<Socket, Connection>()
  readonly #limits: ConnectionLimits
  #server: Server | undefined
  connectionsReceived = 0
  /** Buffers of all connections at the last cycle. */
  bufferBytes = 0
  connectionsRejected = 0

  constructor(options: RespServerOptions) {
    this.#options = options
    this.#limits = {
      bulkBytesMax: () => options.config.integer('proto-max-bulk-len'),
      requestBytesMax: () => options.config.integer('client-query-buffer-limit'),
    }
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  /** Adds the buffers of all connections up: once a cycle, since commands ask for the sum. */
  sampleBuffers(): void {
    let bytes = 0
    for (const connection of this.#connections.values()) bytes += connection.bufferBytes
    this.bufferBytes = bytes
  }

  *clients(): Iterable<Client> {
    for (const connection of this.#connections.values()) yield connection.client
  }

  /** Port 0 picks a free one. */
  async listen(address: {
    readonly host: string
    readonly port: number
  }): Promise<{ port: number }> {
    invariant(this.#server === undefined, 'the server listens once')
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(
        address.port,
        address.host,
        this.#options.config.integer('tcp-backlog'),
        resolve,
      )
    })
    server.removeAllListeners('error')
    server.on('error', (error) => this.#options.log.error({ err: error }, 'RESP server failed'))
    this.#server = server
    return { port: portOf(server.address()) }
  }

  async close(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of this.#connections.keys()) socket.destroy()
    await closed
  }

  #accept(socket: Socket): void {
    const { config, executor } = this.#options
    socket.on('error', () => socket.destroy())
    const remote = socket.remoteAddress ?? ''
    if (this.#connections.size >= config.integer('maxclients')) {
      this.connectionsRejected += 1
      socket.end(`-${replyErrors.maxClients}\r\n`)
      return
    }
    const isProtected =
      config.value('protected-mode') === 'yes' && config.value('requirepass') === ''
    if (isProtected && !LOOPBACK.test(remote)) {
      this.connectionsRejected += 1
      socket.end(PROTECTED)
      return
    }
    this.connectionsReceived += 1
    const client = this.#options.newClient(`${remote}:${socket.remotePort ?? 0}`)
    const connection = new Connection({
      socket,
      client,
      executor,
      writer: this.#writer,
      limits: this.#limits,
    })
    this.#connections.set(socket, connection)
    this.#watch(socket, connection)
  }

  #watch(socket: Socket, connection: Connection): void {
    const { config } = this.#options
    const keepAliveSeconds = config.integer('tcp-keepalive')
    if (keepAliveSeconds > 0) socket.setKeepAlive(true, keepAliveSeconds * 1_000)
    const timeoutSeconds = config.integer('timeout')
    if (timeoutSeconds > 0) socket.setTimeout(timeoutSeconds * 1_000, () => socket.destroy())
    socket.on('data', (chunk) => connection.receive(chunk))
    socket.on('close', () => this.#connections.delete(socket))
  }
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0
}
