import type { Fields, InfoSources } from './info-sources.ts'

export function statsFields(sources: InfoSources): Fields {
  const { keyspace, executor, eviction, expiry, server, services } = sources
  const { acl, channels, clientMemory, migration, replication, values } = services()
  const { commandRate, inputRate, outputRate, replicaOutputRate, traffic } = server()
  const { receivedRate } = replication
  return [
    ['total_connections_received', server().connectionsReceived],
    ['total_commands_processed', executor().stats.commandsProcessed],
    ['instantaneous_ops_per_sec', Math.round(commandRate.perSecond)],
    ['total_net_input_bytes', traffic.inputBytes + replication.receivedBytes],
    ['total_net_output_bytes', traffic.outputBytes],
    ['total_net_repl_input_bytes', replication.receivedBytes],
    ['total_net_repl_output_bytes', traffic.replicaOutputBytes],
    ['instantaneous_input_kbps', (inputRate.perSecond / 1_024).toFixed(2)],
    ['instantaneous_output_kbps', (outputRate.perSecond / 1_024).toFixed(2)],
    ['instantaneous_input_repl_kbps', (receivedRate.perSecond / 1_024).toFixed(2)],
    ['instantaneous_output_repl_kbps', (replicaOutputRate.perSecond / 1_024).toFixed(2)],
    ['rejected_connections', server().connectionsRejected],
    ['sync_full', replication.totals.full],
    ['sync_partial_ok', replication.totals.partial],
    ['sync_partial_err', replication.totals.partialRefused],
    ['expired_keys', keyspace.stats.expiredKeys],
    // The heap knows every due key: nothing is estimated to be left over but what a cycle had no time for.
    ['expired_stale_perc', '0.00'],
    ['expired_time_cap_reached_count', expiry.unfinishedCycles],
    ['expire_cycle_cpu_milliseconds', Math.round(expiry.spentMs)],
    ['evicted_keys', keyspace.stats.evictedKeys],
    ['evicted_clients', clientMemory.evictedClients],
    ['total_eviction_exceeded_time', Math.round(eviction.exceededMs)],
    ['current_eviction_exceeded_time', Math.round(eviction.currentExceededMs)],
    ['keyspace_hits', keyspace.stats.hits],
    ['keyspace_misses', keyspace.stats.misses],
    ['pubsub_channels', channels.nameCount('channel')],
    ['pubsub_patterns', channels.nameCount('pattern')],
    ['pubsubshard_channels', channels.nameCount('shard')],
    ['latest_fork_usec', 0],
    ['total_forks', sources.persistence().snapshotsTaken],
    ['migrate_cached_sockets', migration.connectionCount],
    ['slave_expires_tracked_keys', keyspace.ownExpiries.size],
    ...absentStatsFields(),
    ...trackingFields(sources),
    ['unexpected_error_replies', services().replication.unexpectedErrors],
    ['total_error_replies', executor().stats.errorReplies],
    ['dump_payload_sanitizations', values.sanitizations],
    ['total_reads_processed', traffic.reads],
    ['total_writes_processed', traffic.writes],
    ['io_threaded_reads_processed', 0],
    ['io_threaded_writes_processed', 0],
    ['reply_buffer_shrinks', 0],
    ['reply_buffer_expands', 0],
    // Redis 7.2 tells these six. The first two say how often a limit was the end of a client.
    ['client_query_buffer_limit_disconnections', traffic.queryLimitDisconnections],
    ['client_output_buffer_limit_disconnections', traffic.outputLimitDisconnections],
    ['acl_access_denied_auth', acl.denials.auth],
    ['acl_access_denied_cmd', acl.denials.command],
    ['acl_access_denied_key', acl.denials.key],
    ['acl_access_denied_channel', acl.denials.channel],
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
  ]
}

function trackingFields({ services }: InfoSources): Fields {
  const { tracking } = services()
  return [
    ['tracking_total_keys', tracking.keyCount],
    ['tracking_total_items', tracking.itemCount],
    ['tracking_total_prefixes', tracking.prefixCount],
  ]
}
