import type { CommandDoc } from './command-doc.ts'

/** Syntax, cost and history of the commands, as Redis 7.0 tells them. */
export const clusterDocs: Readonly<Record<string, CommandDoc>> = {
  asking: {
    complexity: 'O(1)',
  },
  cluster: {
    complexity: 'Depends on subcommand.',
  },
  'cluster|addslots': {
    syntax: 'slot...',
    complexity: 'O(N) where N is the total number of hash slot arguments',
  },
  'cluster|addslotsrange': {
    syntax: '<start-slot end-slot>...',
    complexity:
      'O(N) where N is the total number of the slots between the start slot and end slot arguments.',
  },
  'cluster|bumpepoch': {
    complexity: 'O(1)',
  },
  'cluster|count-failure-reports': {
    syntax: 'node-id',
    complexity: 'O(N) where N is the number of failure reports',
  },
  'cluster|countkeysinslot': {
    syntax: 'slot',
    complexity: 'O(1)',
  },
  'cluster|delslots': {
    syntax: 'slot...',
    complexity: 'O(N) where N is the total number of hash slot arguments',
  },
  'cluster|delslotsrange': {
    syntax: '<start-slot end-slot>...',
    complexity:
      'O(N) where N is the total number of the slots between the start slot and end slot arguments.',
  },
  'cluster|failover': {
    syntax: '[options=(FORCE | TAKEOVER)]',
    complexity: 'O(1)',
  },
  'cluster|flushslots': {
    complexity: 'O(1)',
  },
  'cluster|forget': {
    syntax: 'node-id',
    complexity: 'O(1)',
  },
  'cluster|getkeysinslot': {
    syntax: 'slot count',
    complexity: 'O(log(N)) where N is the number of requested keys',
  },
  'cluster|help': {
    complexity: 'O(1)',
  },
  'cluster|info': {
    complexity: 'O(1)',
  },
  'cluster|keyslot': {
    syntax: 'key:string',
    complexity: 'O(N) where N is the number of bytes in the key',
  },
  'cluster|links': {
    complexity: 'O(N) where N is the total number of Cluster nodes',
  },
  'cluster|meet': {
    syntax: 'ip port [cluster_bus_port@4.0.0]',
    complexity: 'O(1)',
    history: [['4.0.0', 'Added the optional `cluster_bus_port` argument.']],
  },
  'cluster|myid': {
    complexity: 'O(1)',
  },
  'cluster|nodes': {
    complexity: 'O(N) where N is the total number of Cluster nodes',
  },
  'cluster|replicas': {
    syntax: 'node-id',
    complexity: 'O(1)',
  },
  'cluster|replicate': {
    syntax: 'node-id',
    complexity: 'O(1)',
  },
  'cluster|reset': {
    syntax: '[(HARD | SOFT)]',
    complexity:
      'O(N) where N is the number of known nodes. The command may execute a FLUSHALL as a side effect.',
  },
  'cluster|saveconfig': {
    complexity: 'O(1)',
  },
  'cluster|set-config-epoch': {
    syntax: 'config-epoch',
    complexity: 'O(1)',
  },
  'cluster|setslot': {
    syntax: 'slot subcommand=(IMPORTING node-id | MIGRATING node-id | NODE node-id | STABLE)',
    complexity: 'O(1)',
  },
  'cluster|shards': {
    complexity: 'O(N) where N is the total number of cluster nodes',
  },
  'cluster|slaves': {
    syntax: 'node-id',
    complexity: 'O(1)',
    docFlags: ['deprecated'],
    deprecatedSince: '5.0.0',
    replacedBy: '`CLUSTER REPLICAS`',
  },
  'cluster|slots': {
    complexity: 'O(N) where N is the total number of Cluster nodes',
    history: [
      ['4.0.0', 'Added node IDs.'],
      ['7.0.0', 'Added additional networking metadata field.'],
    ],
    docFlags: ['deprecated'],
    deprecatedSince: '7.0.0',
    replacedBy: '`CLUSTER SHARDS`',
  },
  readonly: {
    complexity: 'O(1)',
  },
  readwrite: {
    complexity: 'O(1)',
  },
}
