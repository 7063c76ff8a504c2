import type { Config } from '../config/index.ts'
import type { Gateway, ProtectedStores } from '../gateway/index.ts'
import type { Clock } from '../shared/clock.ts'
import type { Startable } from '../shared/lifecycle.ts'
import type { Logger } from '../shared/logger.ts'
import type { Random } from '../shared/random.ts'
import {
  askRole,
  connectStore,
  EmbeddedStore,
  EngineGroup,
  type PrimaryAddress,
  type RemoteAddress,
  RemotePrimary,
  ReplicatedStore,
  type ReplicationDemand,
  type Store,
  type StoreOptions,
} from '../store/index.ts'
import { ClassEngine } from './class-engine.ts'
import { DataDirectory, UnusedDataDirectory } from './data-directory.ts'
import { describeEngines, type EngineClass, type EngineDescription } from './engine-descriptions.ts'
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

export interface StoreDependencies {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** What has to be known of the gateway, which is made behind its stores. */
  readonly gateway?: () => Pick<Gateway, 'isSettled' | 'forgotten'>
}

/** The stores that `config` names. */
export function openStores(config: Config, dependencies: StoreDependencies): Stores {
  const stores =
    config.store.url === 'embedded:'
      ? embeddedStores(config, dependencies)
      : remoteStores(config, dependencies.log)
  const { persistence, data_dir: path } = config.engine
  if (persistence !== 'none' || path === undefined) return stores
  return { ...stores, parts: [new UnusedDataDirectory(path), ...stores.parts] }
}

function embeddedStores(config: Config, { gateway, ...common }: StoreDependencies): Stores {
  const descriptions = describeEngines(config)
  const { persistence, data_dir: path } = config.engine
  const isKept = persistence !== 'none' && path !== undefined
  const directory = isKept ? new DataDirectory(path, common.log) : undefined
  const open = (name: EngineClass): ClassEngine =>
    new ClassEngine(descriptions[name], {
      ...common,
      folder: (folder) => directory?.folder(folder) ?? '',
      isSettled: () => gateway?.().isSettled ?? true,
      onForgotten: () => gateway?.().forgotten(),
    })
  const engines = { cache: open('cache'), limits: open('limits'), sessions: open('sessions') }
  const openStore = (name: EngineClass): EngineStore =>
    storeOn(engines[name], descriptions[name], { config, ...common })
  const stores = {
    cache: openStore('cache'),
    limits: openStore('limits'),
    sessions: openStore('sessions'),
  }
  return {
    store: stores.cache,
    protectedStores: { limits: stores.limits, sessions: stores.sessions },
    engines,
    parts: [
      ...(directory === undefined ? [] : [directory]),
      ...Object.values(descriptions).flatMap(({ name, listener }) => [
        listener === undefined
          ? engines[name]
          : explainListenError(engines[name], listener.option, listener.port),
        stores[name],
      ]),
    ],
  }
}

type EngineStore = EmbeddedStore | ReplicatedStore

/** One that others can follow, or that follows one, is ready for that to change. */
function storeOn(
  { client, engine }: ClassEngine,
  { name, replica }: EngineDescription,
  { config, ...common }: Omit<StoreDependencies, 'gateway'> & { readonly config: Config },
): EngineStore {
  const replication = name === 'sessions' ? replicationDemand(config.session) : undefined
  const local = new EmbeddedStore(client, replication)
  if (replica === undefined) return local
  const leaseMs = config.engine.replica_lease
  const at = ({ host, port }: PrimaryAddress): RemoteAddress => {
    return { kind: 'remote', ...replica.access, host, port, database: 0 }
  }
  return new ReplicatedStore({
    ...common,
    name,
    local,
    own: new EngineGroup(client, engine.replication),
    replication: engine.replication,
    leaseMs,
    // Without its cache a gateway has Hasura; without sessions it has nobody.
    isCache: name === 'cache',
    askRole: (address) => askRole(at(address), leaseMs),
    connect: (primary) =>
      new RemotePrimary({
        address: at(primary),
        ...limitsOf(config.store),
        replication,
        leaseMs,
        log: common.log,
      }),
  })
}

/** What sessions wait for; nothing unless `durability` says so. */
function replicationDemand({
  durability,
  durability_replicas: replicas,
  durability_timeout: timeoutMs,
}: Config['session']): ReplicationDemand | undefined {
  return durability === 'replicated' ? { replicas, timeoutMs } : undefined
}

function remoteStores(config: Config, log: Logger): Stores {
  const { url, protected_url: apartUrl = url } = config.store
  const demand = replicationDemand(config.session)
  const store = remoteStore(url, config.store, log)
  const limits = apartUrl === url ? store : remoteStore(apartUrl, config.store, log)
  // Who waits for replicas holds nobody else up: they have connections of their own.
  const sessions = demand === undefined ? limits : remoteStore(apartUrl, config.store, log, demand)
  const checked = evictionCheck(limits, log)
  return {
    store,
    protectedStores: sessions === store ? undefined : { limits, sessions },
    engines: undefined,
    parts: [...new Set([store, limits, sessions, checked])],
  }
}

/** The store at `url`, asked as `config` says; not connected yet. */
export function remoteStore(
  url: string,
  config: Config['store'],
  log: Logger,
  replication?: ReplicationDemand,
): Store {
  return connectStore({ url, ...limitsOf(config), replication }, { embeddedClient: undefined, log })
}

function limitsOf(config: Config['store']): Omit<StoreOptions, 'url' | 'replication'> {
  return {
    connectTimeoutMs: config.connect_timeout,
    commandTimeoutMs: config.command_timeout,
    commandsMax: config.commands_max,
  }
}
