import { release, totalmem } from 'node:os'
import type { Command } from './execution/command.ts'
import type { CommandTable } from './execution/command-table.ts'
import type { ConfigService } from './execution/context.ts'
import type { Executor } from './execution/executor.ts'
import type { Propagation } from './execution/propagation.ts'
import type { InfoSection } from './introspection/info.ts'
import { type MemoryUse, ratio } from './introspection/memory-use.ts'
import type { ActiveExpiry } from './keyspace/active-expiry.ts'
import type { Eviction } from './keyspace/eviction.ts'
import type { Keyspace } from './keyspace/keyspace.ts'
import type { RespServer } from './server/resp-server.ts'
import { ENGINE_VERSION } from './version.ts'

const BYTE_UNITS = ['B', 'K', 'M', 'G', 'T'] as const
const NO_REPLICATION_ID = '0'.repeat(40)

/** What the sections of INFO are read from. Functions give what is joined later. */
export interface InfoSources {
  readonly runId: string
  readonly replicationId: string
  readonly startedMs: number
  readonly keyspace: Keyspace
  readonly eviction: Eviction
  readonly expiry: ActiveExpiry
  readonly memory: MemoryUse
  readonly config: ConfigService
  readonly propagation: Propagation
  readonly executor: () => Executor
  readonly server: () => RespServer
  readonly commands: () => CommandTable
}

/**
 * The sections of INFO with the fields of Redis 7.0, in its order: whoever reads them finds what is looked
 * for. What there is nothing of (yet) stands at its value in a Redis that has it switched off; fields about
 * how redis-server was built and runs its threads are left out.
 */
export function engineSections(sources: InfoSources): readonly InfoSection[] {
  return [
    { name: 'server', title: 'Server', fields: () => serverFields(sources) },
    { name: 'clients', title: 'Clients', fields: () => clientFields(sources) },
    { name: 'memory', title: 'Memory', fields: () => memoryFields(sources) },
    { name: 'persistence', title: 'Persistence', fields: () => persistenceFields(sources) },
    { name: 'stats', title: 'Stats', fields: () => statsFields(sources) },
    { name: 'replication', title: 'Replication', fields: () => replicationFields(sources) },
    { name: 'cpu', title: 'CPU', fields: cpuFields },
    { name: 'modules', title: 'Modules', fields: () => [] },
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

function serverFields({ runId, startedMs, keyspace, config, server }: InfoSources): Fields {
  const uptimeSeconds = Math.floor((keyspace.nowMs - startedMs) / 1_000)
  return [
    ['redis_version', ENGINE_VERSION],
    ['redis_mode', 'standalone'],
    ['os', `${process.platform} ${release()} ${process.arch}`],
    ['arch_bits', 64],
    ['process_id', process.pid],
    ['process_supervised', 'no'],
    ['run_id', runId],
    ['tcp_port', server().port],
    ['server_time_usec', keyspace.nowMs * 1_000],
    ['uptime_in_seconds', uptimeSeconds],
    ['uptime_in_days', Math.floor(uptimeSeconds / 86_400)],
    ['hz', config.value('hz')],
    ['configured_hz', config.value('hz')],
    ['lru_clock', keyspace.access.clockSeconds],
    ['config_file', ''],
  ]
}

function clientFields({ server, config }: InfoSources): Fields {
  return [
    ['connected_clients', server().connectionCount],
    ['cluster_connections', 0],
    ['maxclients', config.value('maxclients')],
    ['client_recent_max_input_buffer', server().largestInputBytes],
    ['client_recent_max_output_buffer', server().largestOutputBytes],
    ['blocked_clients', 0],
    ['tracking_clients', 0],
    ['clients_in_timeout_table', 0],
  ]
}

function memoryFields({ memory, eviction, keyspace }: InfoSources): Fields {
  const rss = memory.rssBytes
  const { allocatedBytes, heldBytes, usedBytes } = memory
  return [
    ['used_memory', usedBytes],
    ['used_memory_human', humanBytes(usedBytes)],
    ['used_memory_rss', rss],
    ['used_memory_rss_human', humanBytes(rss)],
    ['used_memory_peak', memory.peakBytes],
    ['used_memory_peak_human', humanBytes(memory.peakBytes)],
    ['used_memory_peak_perc', percent(memory.peakPercent)],
    ['used_memory_overhead', memory.overheadBytes],
    ['used_memory_startup', memory.startupBytes],
    ['used_memory_dataset', memory.datasetBytes],
    ['used_memory_dataset_perc', percent(memory.datasetPercent)],
    ['allocator_allocated', allocatedBytes],
    ['allocator_active', heldBytes],
    ['allocator_resident', heldBytes],
    ['total_system_memory', totalmem()],
    ['total_system_memory_human', humanBytes(totalmem())],
    ...scriptMemoryFields(),
    ['maxmemory', eviction.maxmemoryBytes],
    ['maxmemory_human', humanBytes(eviction.maxmemoryBytes)],
    ['maxmemory_policy', eviction.policy],
    ['allocator_frag_ratio', ratio(heldBytes, allocatedBytes).toFixed(2)],
    ['allocator_frag_bytes', heldBytes - allocatedBytes],
    ['allocator_rss_ratio', '1.00'],
    ['allocator_rss_bytes', 0],
    ['rss_overhead_ratio', ratio(rss, heldBytes).toFixed(2)],
    ['rss_overhead_bytes', rss - heldBytes],
    ['mem_fragmentation_ratio', ratio(rss, usedBytes).toFixed(2)],
    ['mem_fragmentation_bytes', rss - usedBytes],
    ['mem_not_counted_for_evict', 0],
    ['mem_replication_backlog', 0],
    ['mem_total_replication_buffers', 0],
    ['mem_clients_slaves', 0],
    ['mem_clients_normal', memory.bufferBytes],
    ['mem_cluster_links', 0],
    ['mem_aof_buffer', 0],
    ['mem_allocator', 'slab'],
    ['active_defrag_running', 0],
    ['lazyfree_pending_objects', keyspace.garbageKeys],
    ['lazyfreed_objects', keyspace.stats.lazyfreedKeys],
  ]
}

function scriptMemoryFields(): Fields {
  return [
    ['used_memory_lua', 0],
    ['used_memory_vm_eval', 0],
    ['used_memory_lua_human', humanBytes(0)],
    ['used_memory_scripts_eval', 0],
    ['number_of_cached_scripts', 0],
    ['number_of_functions', 0],
    ['number_of_libraries', 0],
    ['used_memory_vm_functions', 0],
    ['used_memory_vm_total', 0],
    ['used_memory_vm_total_human', humanBytes(0)],
    ['used_memory_functions', 0],
    ['used_memory_scripts', 0],
    ['used_memory_scripts_human', humanBytes(0)],
  ]
}

function persistenceFields({ propagation, startedMs }: InfoSources): Fields {
  return [
    ['loading', 0],
    ['async_loading', 0],
    ['current_cow_peak', 0],
    ['current_cow_size', 0],
    ['current_cow_size_age', 0],
    ['current_fork_perc', '0.00'],
    ['current_save_keys_processed', 0],
    ['current_save_keys_total', 0],
    ['rdb_changes_since_last_save', propagation.changes],
    ['rdb_bgsave_in_progress', 0],
    ['rdb_last_save_time', Math.floor(startedMs / 1_000)],
    ['rdb_last_bgsave_status', 'ok'],
    ['rdb_last_bgsave_time_sec', -1],
    ['rdb_current_bgsave_time_sec', -1],
    ['rdb_saves', 0],
    ['rdb_last_cow_size', 0],
    ['rdb_last_load_keys_expired', 0],
    ['rdb_last_load_keys_loaded', 0],
    ['aof_enabled', 0],
    ['aof_rewrite_in_progress', 0],
    ['aof_rewrite_scheduled', 0],
    ['aof_last_rewrite_time_sec', -1],
    ['aof_current_rewrite_time_sec', -1],
    ['aof_last_bgrewrite_status', 'ok'],
    ['aof_rewrites', 0],
    ['aof_rewrites_consecutive_failures', 0],
    ['aof_last_write_status', 'ok'],
    ['aof_last_cow_size', 0],
    ['module_fork_in_progress', 0],
    ['module_fork_last_cow_size', 0],
  ]
}

function statsFields({ keyspace, executor, eviction, expiry, server }: InfoSources): Fields {
  const { commandRate, inputRate, outputRate, traffic } = server()
  return [
    ['total_connections_received', server().connectionsReceived],
    ['total_commands_processed', executor().stats.commandsProcessed],
    ['instantaneous_ops_per_sec', Math.round(commandRate.perSecond)],
    ['total_net_input_bytes', traffic.inputBytes],
    ['total_net_output_bytes', traffic.outputBytes],
    ['total_net_repl_input_bytes', 0],
    ['total_net_repl_output_bytes', 0],
    ['instantaneous_input_kbps', (inputRate.perSecond / 1_024).toFixed(2)],
    ['instantaneous_output_kbps', (outputRate.perSecond / 1_024).toFixed(2)],
    ['instantaneous_input_repl_kbps', '0.00'],
    ['instantaneous_output_repl_kbps', '0.00'],
    ['rejected_connections', server().connectionsRejected],
    ['sync_full', 0],
    ['sync_partial_ok', 0],
    ['sync_partial_err', 0],
    ['expired_keys', keyspace.stats.expiredKeys],
    // The heap knows every due key: nothing is estimated to be left over but what a cycle had no time for.
    ['expired_stale_perc', '0.00'],
    ['expired_time_cap_reached_count', expiry.unfinishedCycles],
    ['expire_cycle_cpu_milliseconds', Math.round(expiry.spentMs)],
    ['evicted_keys', keyspace.stats.evictedKeys],
    ['evicted_clients', 0],
    ['total_eviction_exceeded_time', Math.round(eviction.exceededMs)],
    ['current_eviction_exceeded_time', Math.round(eviction.currentExceededMs)],
    ['keyspace_hits', keyspace.stats.hits],
    ['keyspace_misses', keyspace.stats.misses],
    ['pubsub_channels', 0],
    ['pubsub_patterns', 0],
    ['pubsubshard_channels', 0],
    ['latest_fork_usec', 0],
    ['total_forks', 0],
    ['migrate_cached_sockets', 0],
    ['slave_expires_tracked_keys', 0],
    ...absentStatsFields(),
    ['total_error_replies', executor().stats.errorReplies],
    ['dump_payload_sanitizations', 0],
    ['total_reads_processed', traffic.reads],
    ['total_writes_processed', traffic.writes],
    ['io_threaded_reads_processed', 0],
    ['io_threaded_writes_processed', 0],
    ['reply_buffer_shrinks', 0],
    ['reply_buffer_expands', 0],
    // Redis 7.2 tells these two; here they say how often a limit was the end of a client.
    ['client_query_buffer_limit_disconnections', traffic.queryLimitDisconnections],
    ['client_output_buffer_limit_disconnections', traffic.outputLimitDisconnections],
  ]
}

function absentStatsFields(): Fields {
  return [
    ['active_defrag_hits', 0],
    ['active_defrag_misses', 0],
    ['active_defrag_key_hits', 0],
    ['active_defrag_key_misses', 0],
    ['total_active_defrag_time', 0],
    ['current_active_defrag_time', 0],
    ['tracking_total_keys', 0],
    ['tracking_total_items', 0],
    ['tracking_total_prefixes', 0],
    ['unexpected_error_replies', 0],
  ]
}

function replicationFields({ replicationId }: InfoSources): Fields {
  return [
    ['role', 'master'],
    ['connected_slaves', 0],
    ['master_failover_state', 'no-failover'],
    ['master_replid', replicationId],
    ['master_replid2', NO_REPLICATION_ID],
    ['master_repl_offset', 0],
    ['second_repl_offset', -1],
    ['repl_backlog_active', 0],
    ['repl_backlog_size', 1_048_576],
    ['repl_backlog_first_byte_offset', 0],
    ['repl_backlog_histlen', 0],
  ]
}

function cpuFields(): Fields {
  const { user, system } = process.cpuUsage()
  return [
    ['used_cpu_sys', (system / 1e6).toFixed(6)],
    ['used_cpu_user', (user / 1e6).toFixed(6)],
    ['used_cpu_sys_children', '0.000000'],
    ['used_cpu_user_children', '0.000000'],
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

function percent(value: number): string {
  return `${value.toFixed(2)}%`
}
