import { Blocking } from '../execution/blocking.ts'
import { CallTimer } from '../execution/call-timer.ts'
import type { EngineServices } from '../execution/context.ts'
import { GuardList } from '../execution/guard.ts'
import {
  aclGuard,
  authenticationGuard,
  loadingGuard,
  monitorGuard,
  subscriberGuard,
  transactionGuard,
} from '../execution/guards.ts'
import type { ListeningService } from '../execution/listening-service.ts'
import { Monitors } from '../execution/monitors.ts'
import { Tracking } from '../execution/tracking.ts'
import { Transactions } from '../execution/transactions.ts'
import { engineSections } from '../info/engine-sections.ts'
import { formatInfo, type InfoSection } from '../introspection/info.ts'
import { LatencyMonitor } from '../introspection/latency-monitor.ts'
import { SlowLog } from '../introspection/slow-log.ts'
import type { ModificationListener } from '../keyspace/key-events.ts'
import { DumpPayloads } from '../persistence/dump-payload.ts'
import { replicationFields } from '../replication/replication-fields.ts'
import { replicaClientGuard } from '../replication/role-guard.ts'
import { rewriteConfig } from './config.ts'
import { uncountedBytes } from './other-bytes.ts'
import type { EngineParts } from './parts.ts'

/** What commands may use, of the parts there are and some of their own. */
export function joinServices(parts: EngineParts): EngineServices {
  const { clients, config, debug, keyspace, memory, options, storage } = parts
  const { clock } = options
  const slowLog = new SlowLog()
  const latency = new LatencyMonitor()
  const sections = newSections(parts)
  return {
    keyspace,
    eviction: parts.eviction,
    clock,
    config,
    commands: parts.commands,
    propagation: parts.propagation,
    clients,
    clientMemory: parts.clientMemory,
    blocking: new Blocking(keyspace),
    transactions: new Transactions(keyspace),
    channels: parts.channels,
    pause: parts.pause,
    largeChanges: parts.largeChanges,
    slowLog,
    latency,
    timer: new CallTimer({ clock, slowLog, latency, nowMs: () => keyspace.nowMs }),
    monitors: new Monitors(),
    tracking: newTracking(parts),
    scripting: parts.scripting,
    values: new DumpPayloads({
      ...storage.codec,
      compresses: () => config.value('rdbcompression') === 'yes',
      checksSums: () => !debug.skipsChecksums,
    }),
    persistence: storage.persistence,
    acl: parts.acl,
    guards: newGuards(parts),
    nested: {
      run: (client, call) => parts.executor.runNested(client, call),
      reject: (command, text) => parts.executor.rejectNested(command, text),
      errorIsCounted: () => parts.executor.errorIsCounted(),
    },
    info: (asked) => formatInfo(sections, asked),
    memoryStats: () => memory.stats(),
    resetStatistics: () => resetStatistics(parts),
    rewriteConfig: (isWhole = false) => rewriteConfig(parts, isWhole),
    shutdown: parts.shutdown,
    debug,
    log: options.log,
    replication: parts.replication,
    migration: parts.migrations,
    listening: newListening(parts),
  }
}

/** The server is made when the services are joined. */
function newListening(parts: EngineParts): ListeningService {
  const listening = (): ListeningService => parts.server.listening
  return {
    get isChanged() {
      return listening().isChanged
    },
    apply: (done) => listening().apply((failure) => parts.executor.resume(() => done(failure))),
  }
}

/** In the order Redis asks (server.c, processCommand). */
function newGuards({ acl, guards, replication }: EngineParts): GuardList {
  return new GuardList([
    authenticationGuard,
    transactionGuard,
    aclGuard(() => acl),
    guards.memory,
    guards.writeError,
    replication.guards.write,
    subscriberGuard,
    replication.guards.stale,
    loadingGuard,
    replication.guards.copy,
    guards.busy,
    monitorGuard,
    replicaClientGuard,
    guards.pause,
    guards.largeChanges,
  ])
}

function newTracking(parts: EngineParts): Tracking {
  const invalidate: ModificationListener = (_index, key) => parts.services.tracking.invalidate(key)
  return new Tracking({
    clients: parts.clients,
    turn: parts.turn,
    onSwitched: (isOn) => parts.keyspace.events.onModification(invalidate, isOn),
  })
}

function newSections(parts: EngineParts): readonly InfoSection[] {
  const { config, keyspace, options, replication } = parts
  return engineSections({
    runId: parts.runId,
    replicationFields: () => replicationFields(replication, config, keyspace.nowMs),
    startedMs: options.clock.nowMs(),
    keyspace,
    eviction: parts.eviction,
    expiry: parts.expiry,
    memory: parts.memory,
    config,
    persistence: () => parts.storage.persistence,
    uncountedBytes: () => uncountedBytes(parts),
    copyProgress: () => parts.storage.copyLoader.progress,
    configFile: options.configuration?.path ?? '',
    executor: () => parts.executor,
    server: () => parts.server,
    services: () => parts.services,
  })
}

/** CONFIG RESETSTAT. */
function resetStatistics(parts: EngineParts): void {
  const { clientMemory, commands, executor, keyspace, replication, server, storage } = parts
  clientMemory.evictedClients = 0
  replication.receivedBytes = 0
  storage.persistence.snapshotsTaken = 0
  keyspace.resetStatistics()
  executor.resetStatistics()
  commands.resetStatistics()
  server.resetStatistics()
}
