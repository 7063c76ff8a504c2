import { rmSync } from 'node:fs'
import { invariant } from '../../shared/assert.ts'
import type { Logger } from '../../shared/logger.ts'
import type { ConfigService } from '../execution/context.ts'
import { type Endpoint, Listeners, type ListenersOptions } from './listeners.ts'
import { TLS_DIRECTIVES, tlsOptions } from './tls-options.ts'

export interface EndpointsOptions {
  readonly config: ConfigService
  readonly log: Logger
  readonly accept: ListenersOptions['accept']
}

/** Where a server listens: at an address it is given, or as the directives say, now and when they change. */
export class Endpoints {
  /** TCP; 0 while it does not listen there. */
  port = 0
  readonly #config: ConfigService
  readonly #log: Logger
  readonly #listeners: Listeners
  /** Where it could listen last: it returns there when it cannot listen where it is told to. */
  readonly #opened = new Map<'tcp' | 'tls', Endpoint>()
  #isOpen = false

  constructor({ config, log, accept }: EndpointsOptions) {
    this.#config = config
    this.#log = log
    this.#listeners = new Listeners({ backlog: config.integer('tcp-backlog'), log, accept })
  }

  /** Port 0 picks a free one. */
  async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<void> {
    this.#open()
    this.port = await this.#listeners.openTcp({ addresses: [host], port })
  }

  async listenAsConfigured(): Promise<void> {
    this.#open()
    const path = this.#config.value('unixsocket')
    const isTls = this.#config.integer('tls-port') > 0
    if (path !== '') {
      const mode = Number.parseInt(this.#config.value('unixsocketperm'), 8)
      await this.#listeners.openUnix(path, mode)
    }
    if (isTls) await this.#openTls()
    if (this.#config.integer('port') > 0 || (!isTls && path === '')) await this.#openTcp()
    this.#follow()
  }

  async close(): Promise<void> {
    this.port = 0
    await this.#listeners.closeAll()
    const path = this.#config.value('unixsocket')
    if (path !== '') rmSync(path, { force: true })
  }

  #open(): void {
    invariant(!this.#isOpen, 'the server listens once')
    this.#isOpen = true
  }

  #endpoint(portDirective: 'port' | 'tls-port'): Endpoint {
    const addresses = this.#config.value('bind').split(' ').filter(Boolean)
    return { addresses, port: this.#config.integer(portDirective) }
  }

  async #openTcp(endpoint = this.#endpoint('port')): Promise<void> {
    this.port = await this.#listeners.openTcp(endpoint)
    this.#opened.set('tcp', endpoint)
  }

  async #openTls(endpoint = this.#endpoint('tls-port')): Promise<void> {
    await this.#listeners.openTls(endpoint, tlsOptions(this.#config))
    this.#opened.set('tls', endpoint)
  }

  #follow(): void {
    this.#config.onApply('port', () => this.#reopen('tcp'))
    this.#config.onApply('tls-port', () => this.#reopen('tls'))
    this.#config.onApply('bind', () => this.#reopen('tcp') ?? this.#reopen('tls'))
    for (const name of TLS_DIRECTIVES) {
      this.#config.onApply(name, () => this.#renewSecureContext())
    }
  }

  /**
   * Node tells a turn later whether it could listen: what fails then is in the log, and the server listens
   * where it did before. The directive keeps what it was set to.
   */
  #reopen(transport: 'tcp' | 'tls'): string | undefined {
    const error = transport === 'tls' ? this.#renewSecureContext() : undefined
    if (error !== undefined) return error
    this.#listeners.close(transport)
    const isWanted = this.#config.integer(transport === 'tcp' ? 'port' : 'tls-port') > 0
    if (transport === 'tcp') this.port = 0
    if (!isWanted) return undefined
    const open = (endpoint?: Endpoint) =>
      transport === 'tcp' ? this.#openTcp(endpoint) : this.#openTls(endpoint)
    const previous = this.#opened.get(transport)
    open()
      .catch(async (cause: unknown) => {
        this.#log.error({ err: cause, transport }, 'Unable to listen on this port')
        this.#listeners.close(transport)
        if (previous !== undefined) await open(previous)
      })
      .catch((cause: unknown) => {
        this.#log.error({ err: cause, transport }, 'Unable to listen where it did before')
      })
    return undefined
  }

  #renewSecureContext(): string | undefined {
    if (this.#config.integer('tls-port') === 0) return undefined
    try {
      this.#listeners.setSecureContext(tlsOptions(this.#config))
      return undefined
    } catch (error) {
      this.#log.warn({ err: error }, 'Failed to configure TLS')
      return 'Unable to update TLS configuration. Check server logs.'
    }
  }
}
