import { createAdmin } from '../admin/index.ts'
import type { Config } from '../config/index.ts'
import { createGateway } from '../gateway/index.ts'
import { systemClock } from '../shared/clock.ts'
import type { Startable } from '../shared/lifecycle.ts'
import type { Logger } from '../shared/logger.ts'
import { systemRandom } from '../shared/random.ts'
import { connectStore } from '../store/index.ts'
import { EmbeddedEngine } from './embedded-engine.ts'
import { explainListenError } from './explain-listen-error.ts'
import { gatewayOptions } from './gateway-options.ts'
import { protectedParts } from './protected-stores.ts'
import { readTrustedDocuments } from './trusted-documents.ts'

/** Everything that runs for one configuration. */
export interface App {
  /** In the order in which they start. */
  readonly parts: readonly Startable[]
  /** Where each listener can be reached from this machine; complete once the parts have started. */
  addresses(): Addresses
}

export interface Addresses {
  readonly gateway: string
  readonly admin: string
  /** `undefined` when no engine is served to Redis clients. */
  readonly redis: string | undefined
}

/** Joins the modules for `config`. Nothing listens or connects before the parts are started. */
export function compose(config: Config, log: Logger): App {
  const common = { clock: systemClock, random: systemRandom, log }
  const engine =
    config.store.url === 'embedded:' ? new EmbeddedEngine(config.engine, common) : undefined
  const store = connectStore(
    {
      url: config.store.url,
      connectTimeoutMs: config.store.connect_timeout,
      commandTimeoutMs: config.store.command_timeout,
      commandsMax: config.store.commands_max,
    },
    { embeddedClient: engine?.client, log },
  )
  const options = gatewayOptions(config, readTrustedDocuments(config))
  const apart = protectedParts(config, common, store)
  const protectedStores = apart.stores && { protectedStores: apart.stores }
  const gateway = createGateway(options, { ...common, store, ...protectedStores })
  const admin = createAdmin(
    { host: config.admin.host, port: config.admin.port, secrets: config.auth.admin_secrets },
    { ...common, gateway, store, ...protectedStores },
  )

  // Around the gateway: the admin listener tells of its start, and of its end while requests are finished.
  const parts: Startable[] = [
    store,
    ...apart.parts,
    explainListenError(admin, 'admin.port', config.admin.port),
    explainListenError(gateway, 'server.port', config.server.port),
  ]
  if (engine !== undefined) {
    const { redis_port: port = 0 } = config.engine
    parts.unshift(explainListenError(engine, 'engine.redis_port', port))
  }
  return {
    parts,
    addresses: () => ({
      gateway: urlOf('http', gateway.address),
      admin: urlOf('http', admin.address),
      redis: engine?.address && urlOf('redis', engine.address),
    }),
  }
}

function urlOf(
  scheme: string,
  { host, port }: { readonly host: string; readonly port: number },
): string {
  const reachable = host === '0.0.0.0' || host === '::' ? 'localhost' : host
  return `${scheme}://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}
