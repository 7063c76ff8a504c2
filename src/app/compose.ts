import { createAdmin } from '../admin/index.ts'
import type { Config } from '../config/index.ts'
import { createGateway, type Gateway } from '../gateway/index.ts'
import { systemClock } from '../shared/clock.ts'
import type { Startable } from '../shared/lifecycle.ts'
import type { Logger } from '../shared/logger.ts'
import { systemRandom } from '../shared/random.ts'
import type { ClassEngine } from './class-engine.ts'
import { explainListenError } from './explain-listen-error.ts'
import { gatewayOptions } from './gateway-options.ts'
import { openStores } from './stores.ts'
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
  /** Where engines are served to Redis clients; `undefined` where they are not. */
  readonly redis: string | undefined
  readonly limitsRedis: string | undefined
  readonly sessionsRedis: string | undefined
}

/** Joins the modules for `config`. Nothing listens or connects before the parts are started. */
export function compose(config: Config, log: Logger): App {
  const common = { clock: systemClock, random: systemRandom, log }
  const {
    store,
    protectedStores,
    engines,
    parts: storeParts,
  } = openStores(config, {
    ...common,
    gateway: () => gateway,
  })
  const options = gatewayOptions(config, readTrustedDocuments(config))
  const stores = { store, ...(protectedStores && { protectedStores }) }
  const gateway: Gateway = createGateway(options, {
    ...common,
    ...stores,
    onUnsettled: () => engines?.cache.withdraw(),
  })
  const admin = createAdmin(
    { host: config.admin.host, port: config.admin.port, secrets: config.auth.admin_secrets },
    { ...common, gateway, ...stores },
  )
  return {
    // Around the gateway: the admin listener tells of its start, and of its end while requests are finished.
    parts: [
      ...storeParts,
      explainListenError(admin, 'admin.port', config.admin.port),
      explainListenError(gateway, 'server.port', config.server.port),
    ],
    addresses: () => ({
      gateway: urlOf('http', gateway.address),
      admin: urlOf('http', admin.address),
      redis: redisUrl(engines?.cache),
      limitsRedis: redisUrl(engines?.limits),
      sessionsRedis: redisUrl(engines?.sessions),
    }),
  }
}

function redisUrl(engine: ClassEngine | undefined): string | undefined {
  return engine?.address && urlOf('redis', engine.address)
}

function urlOf(
  scheme: string,
  { host, port }: { readonly host: string; readonly port: number },
): string {
  const reachable = host === '0.0.0.0' || host === '::' ? 'localhost' : host
  return `${scheme}://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}
