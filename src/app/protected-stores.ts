import type { Config } from '../config/index.ts'
import { Engine, type EngineOptions } from '../engine/index.ts'
import type { ProtectedStores } from '../gateway/index.ts'
import type { Startable } from '../shared/lifecycle.ts'
import type { Logger } from '../shared/logger.ts'
import { connectStore, EmbeddedStore, type Store, StoreError } from '../store/index.ts'

/** Where limits, sessions and revocations are, out of reach of a cache that is full. */
export interface ProtectedParts {
  /** `undefined` when they are in the store with the rest. */
  readonly stores: ProtectedStores | undefined
  /** What has to be started before the gateway, behind the store. */
  readonly parts: readonly Startable[]
}

type Common = Required<Pick<EngineOptions, 'clock' | 'random'>> & { readonly log: Logger }

/** `store` is where the cache is. */
export function protectedParts(config: Config, common: Common, store: Store): ProtectedParts {
  const { log } = common
  if (config.store.url === 'embedded:') {
    const limits = openEngine('limits', config.engine.limits_maxmemory, common)
    const sessions = openEngine('sessions', config.engine.sessions_maxmemory, common)
    return {
      stores: { limits: limits.store, sessions: sessions.store },
      parts: [limits.part, sessions.part],
    }
  }
  const { protected_url: url } = config.store
  if (url === undefined) return { stores: undefined, parts: [evictionCheck(store, log)] }
  const apart = connectStore(
    {
      url,
      connectTimeoutMs: config.store.connect_timeout,
      commandTimeoutMs: config.store.command_timeout,
      commandsMax: config.store.commands_max,
    },
    { embeddedClient: undefined, log },
  )
  return {
    stores: { limits: apart, sessions: apart },
    parts: [apart, evictionCheck(apart, log)],
  }
}

/** An engine with a budget of its own: nothing in another one can displace what is in it, and nothing in itself. */
function openEngine(
  name: string,
  maxmemory: number,
  common: Common,
): { readonly store: Store; readonly part: Startable } {
  const directives = { maxmemory: String(maxmemory), 'maxmemory-policy': 'noeviction' }
  const engine = new Engine({ ...common, directives })
  return {
    store: new EmbeddedStore(engine.client()),
    part: {
      name: `engine for ${name}`,
      start: () => engine.start(),
      stop: () => engine.stop(),
    },
  }
}

/** Says so when a server may evict what must not be lost. It is the operator's to set its policy. */
function evictionCheck(store: Store, log: Logger): Startable {
  return {
    name: 'eviction check',
    start: async () => {
      try {
        const finding = evictionFinding(await store.info())
        if (finding !== undefined) log.warn({ store: store.name, ...finding }, EVICTION_WARNING)
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        log.warn({ store: store.name }, 'the store does not tell whether it evicts sessions')
      }
    },
    stop: () => Promise.resolve(),
  }
}

export const EVICTION_WARNING =
  'this server may evict sessions, revocations and limits when its memory is full: set its maxmemory-policy to noeviction, or keep them on another one with store.protected_url'

/** Of INFO: how much memory there is and what goes when it is full; `undefined` when nothing does. */
export function evictionFinding(
  info: string,
): { readonly maxmemory: number; readonly policy: string } | undefined {
  const [, policy = 'unknown'] = /^maxmemory_policy:(\S+)/m.exec(info) ?? []
  const maxmemory = Number(/^maxmemory:(\d+)/m.exec(info)?.[1] ?? 0)
  return maxmemory > 0 && policy !== 'noeviction' ? { maxmemory, policy } : undefined
}
