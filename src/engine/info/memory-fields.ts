import { totalmem } from 'node:os'
import { ratio } from '../introspection/memory-use.ts'
import type { Fields, InfoSources } from './info-sources.ts'

const BYTE_UNITS = ['B', 'K', 'M', 'G', 'T'] as const

export function memoryFields(sources: InfoSources): Fields {
  const { memory, eviction, keyspace, services } = sources
  const { clientMemory, replication } = services()
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
    ...scriptMemoryFields(sources),
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
    ['mem_not_counted_for_evict', sources.uncountedBytes()],
    ['mem_replication_backlog', replication.backlogBytes],
    ['mem_total_replication_buffers', replication.bufferBytes],
    ['mem_clients_slaves', clientMemory.replicaBytes],
    ['mem_clients_normal', clientMemory.normalBytes],
    ['mem_cluster_links', 0],
    ['mem_aof_buffer', 0],
    ['mem_allocator', 'slab'],
    ['active_defrag_running', 0],
    ['lazyfree_pending_objects', keyspace.garbageKeys],
    ['lazyfreed_objects', keyspace.stats.lazyfreedKeys],
  ]
}

function scriptMemoryFields({ services }: InfoSources): Fields {
  const usage = services().scripting.usage()
  const vmBytes = usage.evalVmBytes + usage.functionVmBytes
  const scriptBytes = usage.evalScriptBytes + usage.functionBytes
  return [
    ['used_memory_lua', usage.evalVmBytes],
    ['used_memory_vm_eval', usage.evalVmBytes],
    ['used_memory_lua_human', humanBytes(usage.evalVmBytes)],
    ['used_memory_scripts_eval', usage.evalScriptBytes],
    ['number_of_cached_scripts', usage.evalScripts],
    ['number_of_functions', usage.functions],
    ['number_of_libraries', usage.libraries],
    ['used_memory_vm_functions', usage.functionVmBytes],
    ['used_memory_vm_total', vmBytes],
    ['used_memory_vm_total_human', humanBytes(vmBytes)],
    ['used_memory_functions', usage.functionBytes],
    ['used_memory_scripts', scriptBytes],
    ['used_memory_scripts_human', humanBytes(scriptBytes)],
  ]
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
