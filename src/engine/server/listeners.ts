import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import {
  createServer as createTlsServer,
  type TlsOptions,
  type Server as TlsServer,
} from 'node:tls'
import type { Logger } from '../../shared/logger.ts'

/** Codes of addresses that the machine does not have. */
const ABSENT_ADDRESS = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'])

export type Transport = 'tcp' | 'tls' | 'unix'

/** A port on some addresses; an address behind "-" may be absent from the machine. */
export interface Endpoint {
  readonly addresses: readonly string[]
  readonly port: number
}

export interface ListenersOptions {
  readonly backlog: number
  readonly log: Logger
  /** The socket is paused. */
  readonly accept: (socket: Socket, transport: Transport) => void
}

/** The sockets that a server listens on: TCP and TLS on any number of addresses, and one in the file system. */
export class Listeners {
  readonly #options: ListenersOptions
  readonly #servers = new Map<Transport, (Server | TlsServer)[]>()

  constructor(options: ListenersOptions) {
    this.#options = options
  }

  /** Port 0 picks a free one, the same on all addresses. */
  async openTcp(endpoint: Endpoint): Promise<number> {
    return await this.#openAll('tcp', endpoint, () =>
      createServer({ noDelay: true, pauseOnConnect: true }, (socket) =>
        this.#options.accept(socket, 'tcp'),
      ),
    )
  }

  async openTls(endpoint: Endpoint, secure: TlsOptions): Promise<number> {
    const options = { ...secure, noDelay: true, pauseOnConnect: true }
    return await this.#openAll('tls', endpoint, () => this.#tlsServer(options))
  }

  async openUnix(path: string, mode: number): Promise<void> {
    // What a server that was killed has left behind; redis-server takes it away, too.
    rmSync(path, { force: true })
    const server = createServer({ pauseOnConnect: true }, (socket) =>
      this.#options.accept(socket, 'unix'),
    )
    await this.#listen(server, { path })
    if (mode !== 0) chmodSync(path, mode)
    this.#add('unix', server)
  }

  /** For connections to come. */
  setSecureContext(options: TlsOptions): void {
    for (const server of this.#servers.get('tls') ?? []) {
      if ('setSecureContext' in server) server.setSecureContext(options)
    }
  }

  /** Stops listening; connections go on. */
  close(transport: Transport): void {
    for (const server of this.#servers.get(transport) ?? []) server.close()
    this.#servers.delete(transport)
  }

  /** Stops listening everywhere and waits until the sockets are free. */
  async closeAll(): Promise<void> {
    const servers = [...this.#servers.values()].flat()
    this.#servers.clear()
    await Promise.all(
      servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    )
  }

  #tlsServer(options: TlsOptions): TlsServer {
    const server = createTlsServer(options, (socket) => {
      // Optional means: none, or a good one.
      const hasBadCertificate = options.requestCert === true && isPresented(socket)
      if (hasBadCertificate && !socket.authorized) socket.destroy()
      else this.#options.accept(socket.pause(), 'tls')
    })
    server.on('tlsClientError', (error, socket) => {
      this.#options.log.debug({ err: error }, 'TLS handshake failed')
      socket.destroy()
    })
    return server
  }

  async #openAll(
    transport: Transport,
    { addresses, port }: Endpoint,
    create: () => Server | TlsServer,
  ): Promise<number> {
    let chosen = port
    for (const address of addresses) {
      const isOptional = address.startsWith('-')
      const name = isOptional ? address.slice(1) : address
      const host = name === '*' ? '0.0.0.0' : name === '::*' ? '::' : name
      const server = create()
      try {
        await this.#listen(server, { host, port: chosen, ipv6Only: host.includes(':') })
      } catch (error) {
        this.#options.log.warn(
          { err: error },
          `Warning: Could not create server TCP listening socket ${name}:${chosen}`,
        )
        if (isOptional && isAbsentAddress(error)) continue
        throw error
      }
      this.#add(transport, server)
      const bound = server.address()
      if (typeof bound === 'object' && bound !== null) chosen = bound.port
    }
    return chosen
  }

  async #listen(
    server: Server | TlsServer,
    where:
      | { readonly host: string; readonly port: number; readonly ipv6Only: boolean }
      | { readonly path: string },
  ): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ ...where, backlog: this.#options.backlog }, resolve)
    })
    server.removeAllListeners('error')
    server.on('error', (error) => this.#options.log.error({ err: error }, 'RESP server failed'))
  }

  #add(transport: Transport, server: Server | TlsServer): void {
    const servers = this.#servers.get(transport)
    if (servers === undefined) this.#servers.set(transport, [server])
    else servers.push(server)
  }
}

function isPresented(socket: { getPeerCertificate: () => object }): boolean {
  return Object.keys(socket.getPeerCertificate()).length > 0
}

function isAbsentAddress(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ABSENT_ADDRESS.has(String(error.code))
}
