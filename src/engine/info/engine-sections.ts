import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import type { InfoSection } from '../introspection/info.ts'
import { progressFields } from '../persistence/load-progress.ts'
import { ENGINE_VERSION } from '../version.ts'
import { commandFields, errorFields, latencyFields } from './command-fields.ts'
import type { Fields, InfoSources } from './info-sources.ts'
import { memoryFields } from './memory-fields.ts'
import { statsFields } from './stats-fields.ts'

/** Of Linux, for whoever is not its kernel. */
const TICKS_PER_SECOND = 100

/**
 * The sections of INFO with the fields of Redis 7.0, in its order: whoever reads them finds what is looked
 * for. What there is nothing of (yet) stands at its value in a Redis that has it switched off.
 */
export function engineSections(sources: InfoSources): readonly InfoSection[] {
  return [
    { name: 'server', title: 'Server', fields: () => serverFields(sources) },
    { name: 'clients', title: 'Clients', fields: () => clientFields(sources) },
    { name: 'memory', title: 'Memory', fields: () => memoryFields(sources) },
    { name: 'persistence', title: 'Persistence', fields: () => persistenceFields(sources) },
    { name: 'stats', title: 'Stats', fields: () => statsFields(sources) },
    { name: 'replication', title: 'Replication', fields: sources.replicationFields },
    { name: 'cpu', title: 'CPU', fields: cpuFields },
    { name: 'modules', title: 'Modules', fields: () => [] },
    {
      name: 'commandstats',
      title: 'Commandstats',
      isExtra: true,
      fields: () => commandFields(sources),
    },
    { name: 'errorstats', title: 'Errorstats', fields: () => errorFields(sources) },
    {
      name: 'latencystats',
      title: 'Latencystats',
      isExtra: true,
      fields: () => latencyFields(sources),
    },
    { name: 'cluster', title: 'Cluster', fields: () => [['cluster_enabled', 0]] },
    { name: 'keyspace', title: 'Keyspace', fields: () => keyspaceFields(sources) },
  ]
}

function serverFields({
  runId,
  startedMs,
  configFile,
  keyspace,
  config,
  server,
  services,
}: InfoSources): Fields {
  const uptimeSeconds = Math.floor((keyspace.nowMs - startedMs) / 1_000)
  const { waitsMs } = services().shutdown
  return [
    ['redis_version', ENGINE_VERSION],
    ['redis_git_sha1', '00000000'],
    ['redis_git_dirty', 0],
    ['redis_build_id', '0'.repeat(16)],
    ['redis_mode', 'standalone'],
    ['os', `${process.platform} ${release()} ${process.arch}`],
    ['arch_bits', 64],
    ['monotonic_clock', 'POSIX clock_gettime'],
    ['multiplexing_api', 'libuv'],
    ['atomicvar_api', 'js-builtin'],
    ['gcc_version', '0.0.0'],
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
    ['executable', process.execPath],
    ['config_file', configFile],
    ['io_threads_active', 0],
    ...(waitsMs === undefined ? [] : [['shutdown_in_milliseconds', waitsMs] as const]),
  ]
}

function clientFields({ server, config, services }: InfoSources): Fields {
  const { blocking, pause, replication, tracking } = services()
  return [
    ['connected_clients', server().connectionCount - replication.replicaCount],
    ['cluster_connections', 0],
    ['maxclients', config.value('maxclients')],
    ['client_recent_max_input_buffer', server().largestInputBytes],
    ['client_recent_max_output_buffer', server().largestOutputBytes],
    ['blocked_clients', blocking.count + pause.postponedCount],
    ['tracking_clients', tracking.clientCount],
    ['clients_in_timeout_table', blocking.deadlineCount],
  ]
}

function persistenceFields({ persistence, keyspace, copyProgress, services }: InfoSources): Fields {
  const progress = persistence().progress ?? copyProgress()
  const { loadingKind } = services().replication
  return [
    ['loading', persistence().isLoading || loadingKind === 'exclusive' ? 1 : 0],
    ['async_loading', loadingKind === 'aside' ? 1 : 0],
    ['current_cow_peak', 0],
    ['current_cow_size', 0],
    ['current_cow_size_age', 0],
    ['current_fork_perc', persistence().savedPercent.toFixed(2)],
    ...persistence().fields(),
    ...(progress === undefined ? [] : progressFields(progress, keyspace.nowMs)),
  ]
}

function cpuFields(): Fields {
  const { user, system } = process.cpuUsage()
  return [
    ['used_cpu_sys', (system / 1e6).toFixed(6)],
    ['used_cpu_user', (user / 1e6).toFixed(6)],
    ['used_cpu_sys_children', '0.000000'],
    ['used_cpu_user_children', '0.000000'],
    ...mainThreadFields(),
  ]
}

/** Redis tells them on Linux only. Without children the main thread of a process has its number. */
function mainThreadFields(): Fields {
  try {
    const text = readFileSync(`/proc/self/task/${process.pid}/stat`, 'latin1')
    // Behind the name, which may have any characters: the 14th and 15th field are ticks of a hundredth of a second.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return [
      ['used_cpu_sys_main_thread', (Number(fields[12]) / TICKS_PER_SECOND).toFixed(6)],
      ['used_cpu_user_main_thread', (Number(fields[11]) / TICKS_PER_SECOND).toFixed(6)],
    ]
  } catch {
    return []
  }
}

function keyspaceFields({ keyspace }: InfoSources): Fields {
  return keyspace.databases
    .filter((database) => database.size > 0)
    .map((database) => {
      const value = `keys=${database.size},expires=${database.volatileCount},avg_ttl=${database.averageTtlMs}`
      return [`db${database.index}`, value] as const
    })
}
