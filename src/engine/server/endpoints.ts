import { rmSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { invariant } from '../../shared/assert.ts'
import type { Logger } from '../../shared/logger.ts'
import type { ConfigService } from '../execution/context.ts'
import type { ListenFailure, ListeningService } from '../execution/listening-service.ts'
import { type Endpoint, Listeners, type ListenersOptions } from './listeners.ts'
import { TLS_DIRECTIVES, tlsOptions } from './tls-options.ts'

export interface EndpointsOptions {
  readonly config: ConfigService
  readonly log: Logger
  readonly accept: ListenersOptions['accept']
}

const DIRECTIVES = ['port', 'tls-port', 'bind'] as const
const PORTS = { tcp: ['port', 'TCP'], tls: ['tls-port', 'TLS'] } as const
type PortDirective = (typeof DIRECTIVES)[number]

export interface ListeningAddress {
  readonly host: string
  readonly port: number
  /** TLS, as the directives say, and nothing else. */
  readonly isEncrypted?: boolean
}

/** Where a server listens: at an address it is given, or as the directives say, now and when they change. */
export class Endpoints implements ListeningService {
  /** TCP, or TLS where it was told to listen; 0 while it does not. */
  port = 0
  readonly #config: ConfigService
  readonly #log: Logger
  readonly #listeners: Listeners
  /** Where it could listen last: it returns there when it cannot listen where it is told to. */
  readonly #opened = new Map<'tcp' | 'tls', Endpoint>()
  /** Where it listened before the change that is under way. */
  readonly #before = new Map<'tcp' | 'tls', Endpoint | undefined>()
  /** What the directives say of where it listens. */
  readonly #values = new Map<PortDirective, string>()
  /** What is to listen elsewhere, and the directive that says so. */
  readonly #changed = new Map<'tcp' | 'tls', PortDirective>()
  #working: Promise<void> = Promise.resolve()
  #isOpen = false

  constructor({ config, log, accept }: EndpointsOptions) {
    this.#config = config
    this.#log = log
    this.#listeners = new Listeners({ backlog: config.integer('tcp-backlog'), log, accept })
  }

  /** Port 0 picks a free one. */
  async listen({ host, port, isEncrypted = false }: ListeningAddress): Promise<void> {
    this.#open()
    const endpoint = { addresses: [host], port }
    this.port = isEncrypted
      ? await this.#listeners.openTls(endpoint, tlsOptions(this.#config))
      : await this.#listeners.openTcp(endpoint)
  }

  async listenAsConfigured(): Promise<void> {
    this.#open()
    const path = this.#config.value('unixsocket')
    const isTls = this.#config.integer('tls-port') > 0
    if (path !== '') {
      const mode = Number.parseInt(this.#config.value('unixsocketperm'), 8)
      await this.#listeners.openUnix(path, mode)
    }
    if (isTls) await this.#openOrAbort('tls')
    if (this.#config.integer('port') > 0 || (!isTls && path === '')) await this.#openOrAbort('tcp')
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

  async #openTcp(endpoint: Endpoint): Promise<void> {
    this.port = await this.#listeners.openTcp(endpoint)
    this.#opened.set('tcp', endpoint)
  }

  async #openTls(endpoint: Endpoint): Promise<void> {
    await this.#listeners.openTls(endpoint, tlsOptions(this.#config))
    this.#opened.set('tls', endpoint)
  }

  async #openOrAbort(transport: 'tcp' | 'tls'): Promise<void> {
    const [directive, name] = PORTS[transport]
    try {
      await this.#openAt(transport, this.#endpoint(directive))
    } catch (error) {
      const port = this.#config.value(directive)
      this.#log.error({}, `Failed listening on port ${port} (${name}), aborting.`)
      throw error
    }
  }

  #follow(): void {
    this.#noteValues()
    this.#config.onApply('port', () => this.#mark('tcp', 'port'))
    this.#config.onApply(
      'tls-port',
      () => this.#renewSecureContext() ?? this.#mark('tls', 'tls-port'),
    )
    this.#config.onApply('bind', () => {
      this.#mark('tcp', 'bind')
      return this.#mark('tls', 'bind')
    })
    for (const name of TLS_DIRECTIVES) {
      this.#config.onApply(name, () => this.#renewSecureContext())
    }
  }

  get isChanged(): boolean {
    return this.#changed.size > 0
  }

  /** Node.js tells a turn later whether it could listen. One change after the other. */
  apply(tell: (failure: ListenFailure | undefined) => void): void {
    const changed = [...this.#changed]
    this.#changed.clear()
    this.#working = this.#working.then(async () => {
      let failure: ListenFailure | undefined
      for (const [transport, directive] of changed) {
        failure ??= await this.#reopen(transport, directive)
      }
      // What could listen returns as well: the directives are taken back together.
      if (failure === undefined) this.#noteValues()
      else await this.#goBack()
      this.#before.clear()
      tell(failure)
    })
  }

  #mark(transport: 'tcp' | 'tls', directive: PortDirective): undefined {
    this.#changed.set(transport, directive)
    // Where no client waits for it (EXEC, a caller in this process).
    setImmediate(() => {
      if (this.isChanged) this.apply(() => undefined)
    })
  }

  async #reopen(
    transport: 'tcp' | 'tls',
    directive: PortDirective,
  ): Promise<ListenFailure | undefined> {
    const endpoint = this.#endpoint(PORTS[transport][0])
    const opened = this.#opened.get(transport)
    if (opened !== undefined && isDeepStrictEqual(opened, endpoint)) return undefined
    this.#before.set(transport, opened)
    try {
      await this.#openAt(transport, endpoint.port > 0 ? endpoint : undefined)
      return undefined
    } catch (error) {
      this.#log.error({ err: error, transport }, 'Unable to listen on this port')
      return {
        directive,
        reason:
          directive === 'bind'
            ? 'Failed to bind to specified addresses.'
            : 'Unable to listen on this port. Check server logs.',
      }
    }
  }

  async #goBack(): Promise<void> {
    for (const [name, value] of this.#values) this.#config.replace(name, value)
    for (const [transport, endpoint] of this.#before) {
      try {
        await this.#openAt(transport, endpoint)
      } catch (error) {
        this.#log.error({ err: error, transport }, 'Failed restoring the ports listened on before')
      }
    }
  }

  #noteValues(): void {
    for (const name of DIRECTIVES) this.#values.set(name, this.#config.value(name))
  }

  /** Undefined: nowhere. */
  async #openAt(transport: 'tcp' | 'tls', endpoint: Endpoint | undefined): Promise<void> {
    this.#listeners.close(transport)
    this.#opened.delete(transport)
    if (transport === 'tcp') this.port = 0
    if (endpoint === undefined) return
    try {
      if (transport === 'tcp') await this.#openTcp(endpoint)
      else await this.#openTls(endpoint)
    } catch (error) {
      // It may listen on some of the addresses already.
      this.#listeners.close(transport)
      throw error
    }
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
