import type { Config } from '../config/index.ts'
import type { EngineOptions } from '../engine/index.ts'
import type { ProtectedStores } from '../gateway/index.ts'
import type { Startable } from '../shared/lifecycle.ts'
import type { Logger } from '../shared/logger.ts'
import { connectStore, EmbeddedStore, type Store } from '../store/index.ts'
import { ClassEngine, describeEngines, type EngineClass } from './class-engine.ts'
import { evictionCheck } from './eviction-check.ts'
import { explainListenError } from './explain-listen-error.ts'

export type ClassEngines = Readonly<Record<EngineClass, ClassEngine>>

/** Where everything is kept. */
export interface Stores {
  /** The cache's, and what has none of its own. */
  readonly store: Store
  /** Out of reach of a cache that is full; `undefined` when they are in the store with the rest. */
  readonly protectedStores: ProtectedStores | undefined
  /** Behind the stores; `undefined` when they are remote. */
  readonly engines: ClassEngines | undefined
  /** In the order in which they start, before the gateway. */
  readonly parts: readonly Startable[]
}

type Common = Required<Pick<EngineOptions, 'clock' | 'random'>> & { readonly log: Logger }

/** The stores that `config` names. */
export function openStores(config: Config, common: Common): Stores {
  return config.store.url === 'embedded:'
    ? embeddedStores(config.engine, common)
    : remoteStores(config.store, common.log)
}

function embeddedStores(config: Config['engine'], common: Common): Stores {
  const { cache, limits, sessions } = describeEngines(config)
  const engines = {
    cache: new ClassEngine(cache, common),
    limits: new ClassEngine(limits, common),
    sessions: new ClassEngine(sessions, common),
  }
  return {
    store: new EmbeddedStore(engines.cache.client),
    protectedStores: {
      limits: new EmbeddedStore(engines.limits.client),
      sessions: new EmbeddedStore(engines.sessions.client),
    },
    engines,
    parts: [cache, limits, sessions].map(({ name, listener }) =>
      listener === undefined
        ? engines[name]
        : explainListenError(engines[name], listener.option, listener.port),
    ),
  }
}

function remoteStores(config: Config['store'], log: Logger): Stores {
  const store = remoteStore(config.url, config, log)
  if (config.protected_url === undefined) {
    const parts = [store, evictionCheck(store, log)]
    return { store, protectedStores: undefined, engines: undefined, parts }
  }
  const apart = remoteStore(config.protected_url, config, log)
  return {
    store,
    protectedStores: { limits: apart, sessions: apart },
    engines: undefined,
    parts: [store, apart, evictionCheck(apart, log)],
  }
}

/** The store at `url`, asked as `config` says; not connected yet. */
export function remoteStore(url: string, config: Config['store'], log: Logger): Store {
  return connectStore(
    {
      url,
      connectTimeoutMs: config.connect_timeout,
      commandTimeoutMs: config.command_timeout,
      commandsMax: config.commands_max,
    },
    { embeddedClient: undefined, log },
  )
}
