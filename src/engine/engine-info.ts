import type { Command } from './execution/command.ts'
import type { CommandTable } from './execution/command-table.ts'
import type { ConfigService } from './execution/context.ts'
import type { Executor } from './execution/executor.ts'
import type { InfoSection } from './introspection/info.ts'
import type { MemoryUse } from './introspection/memory-use.ts'
import type { Eviction } from './keyspace/eviction.ts'
import type { Keyspace } from './keyspace/keyspace.ts'
import type { RespServer } from './server/resp-server.ts'
import { ENGINE_VERSION } from './version.ts'

const BYTE_UNITS = ['B', 'K', 'M', 'G', 'T'] as const

/** What the sections of INFO are read from. Functions give what is joined later. */
export interface InfoSources {
  readonly runId: string
  readonly startedMs: number
  readonly keyspace: Keyspace
  readonly eviction: Eviction
  readonly memory: MemoryUse
  readonly config: ConfigService
  readonly executor: () => Executor
  readonly server: () => RespServer
  readonly commands: () => CommandTable
}

/** The sections of INFO, in Redis' order. */
export function engineSections(sources: InfoSources): readonly InfoSection[] {
  return [
    { name: 'server', title: 'Server', fields: () => serverFields(sources) },
    { name: 'clients', title: 'Clients', fields: () => clientFields(sources) },
    { name: 'memory', title: 'Memory', fields: () => memoryFields(sources) },
    { name: 'stats', title: 'Stats', fields: () => statsFields(sources) },
    {
      name: 'replication',
      title: 'Replication',
      fields: () => [
        ['role', 'master'],
        ['connected_slaves', 0],
      ],
    },
    { name: 'cpu', title: 'CPU', fields: cpuFields },
    {
      name: 'commandstats',
      title: 'Commandstats',
      isExtra: true,
      fields: () => commandFields(sources.commands().commands),
    },
    { name: 'errorstats', title: 'Errorstats', fields: () => errorFields(sources) },
    { name: 'cluster', title: 'Cluster', fields: () => [['cluster_enabled', 0]] },
    { name: 'keyspace', title: 'Keyspace', fields: () => keyspaceFields(sources) },
  ]
}

type Fields = readonly (readonly [name: string, value: string | number])[]

function serverFields({ runId, startedMs, keyspace, config }: InfoSources): Fields {
  const uptimeSeconds = Math.floor((keyspace.nowMs - startedMs) / 1_000)
  return [
    ['redis_version', ENGINE_VERSION],
    ['redis_mode', 'standalone'],
    ['os', `${process.platform} ${process.arch}`],
    ['arch_bits', 64],
    ['process_id', process.pid],
    ['run_id', runId],
    ['tcp_port', config.value('port')],
    ['server_time_usec', keyspace.nowMs * 1_000],
    ['uptime_in_seconds', uptimeSeconds],
    ['uptime_in_days', Math.floor(uptimeSeconds / 86_400)],
    ['hz', config.value('hz')],
  ]
}

function clientFields({ server, config }: InfoSources): Fields {
  return [
    ['connected_clients', server().connectionCount],
    ['maxclients', config.value('maxclients')],
    ['blocked_clients', 0],
  ]
}

function memoryFields({ memory, eviction, keyspace }: InfoSources): Fields {
  const rss = process.memoryUsage.rss()
  return [
    ['used_memory', memory.usedBytes],
    ['used_memory_human', humanBytes(memory.usedBytes)],
    ['used_memory_rss', rss],
    ['used_memory_rss_human', humanBytes(rss)],
    ['used_memory_peak', memory.peakBytes],
    ['used_memory_peak_human', humanBytes(memory.peakBytes)],
    ['used_memory_overhead', memory.overheadBytes],
    ['used_memory_startup', memory.startupBytes],
    ['used_memory_dataset', memory.datasetBytes],
    ['maxmemory', eviction.maxmemoryBytes],
    ['maxmemory_human', humanBytes(eviction.maxmemoryBytes)],
    ['maxmemory_policy', eviction.policy],
    ['allocator_allocated', keyspace.slab.usedBytes],
    ['allocator_resident', keyspace.slab.heldBytes],
    ['mem_fragmentation_ratio', memory.fragmentationRatio.toFixed(2)],
    ['mem_clients_normal', memory.bufferBytes],
    ['mem_allocator', 'slab'],
  ]
}

function statsFields({ keyspace, executor, server }: InfoSources): Fields {
  return [
    ['total_connections_received', server().connectionsReceived],
    ['total_commands_processed', executor().stats.commandsProcessed],
    ['rejected_connections', server().connectionsRejected],
    ['expired_keys', keyspace.stats.expiredKeys],
    ['evicted_keys', keyspace.stats.evictedKeys],
    ['keyspace_hits', keyspace.stats.hits],
    ['keyspace_misses', keyspace.stats.misses],
    ['total_error_replies', executor().stats.errorReplies],
  ]
}

function cpuFields(): Fields {
  const { user, system } = process.cpuUsage()
  return [
    ['used_cpu_sys', (system / 1e6).toFixed(6)],
    ['used_cpu_user', (user / 1e6).toFixed(6)],
  ]
}

function commandFields(commands: readonly Command[]): Fields {
  return commands
    .flatMap((command) => [command, ...command.subcommands])
    .filter((command) => command.calls > 0 || command.rejectedCalls > 0)
    .map((command) => {
      const usec = Math.round(command.durationMs * 1_000)
      const each = command.calls === 0 ? 0 : usec / command.calls
      const value = `calls=${command.calls},usec=${usec},usec_per_call=${each.toFixed(2)},rejected_calls=${command.rejectedCalls},failed_calls=${command.failedCalls}`
      return [`cmdstat_${command.fullName}`, value] as const
    })
}

function errorFields({ executor }: InfoSources): Fields {
  return Array.from(
    executor().stats.errorsByCode,
    ([code, count]) => [`errorstat_${code}`, `count=${count}`] as const,
  )
}

function keyspaceFields({ keyspace }: InfoSources): Fields {
  return keyspace.databases
    .filter((database) => database.size > 0)
    .map((database) => {
      const value = `keys=${database.size},expires=${database.volatileCount},avg_ttl=${database.averageTtlMs}`
      return [`db${database.index}`, value] as const
    })
}

/** 1536 as 1.50K, as Redis prints it. */
function humanBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1_024 && unit < BYTE_UNITS.length - 1) {
    value /= 1_024
    unit += 1
  }
  return unit === 0 ? `${bytes}B` : `${value.toFixed(2)}${BYTE_UNITS[unit] ?? ''}`
}
