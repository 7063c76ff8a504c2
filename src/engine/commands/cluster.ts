import type { CommandFlag, CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { replyErrors } from '../protocol/reply-errors.ts'

type Row = readonly [name: string, since: string, arity: number, summary: string]

const READ: readonly CommandFlag[] = ['stale']
const ADMIN: readonly CommandFlag[] = ['admin', 'stale']
const CHANGE: readonly CommandFlag[] = ['admin', 'stale', 'no_async_loading']
const OPEN_RESULT = ['nondeterministic_output']

const CHANGES: readonly Row[] = [
  ['addslots', '3.0.0', -3, 'Assign new hash slots to receiving node'],
  ['addslotsrange', '7.0.0', -4, 'Assign new hash slots to receiving node'],
  ['delslots', '3.0.0', -3, 'Set hash slots as unbound in receiving node'],
  ['delslotsrange', '7.0.0', -4, 'Set hash slots as unbound in receiving node'],
  ['failover', '3.0.0', -2, 'Forces a replica to perform a manual failover of its master.'],
  ['flushslots', '3.0.0', 2, "Delete a node's own slots information"],
  ['forget', '3.0.0', 3, 'Remove a node from the nodes table'],
  ['meet', '3.0.0', -4, 'Force a node cluster to handshake with another node'],
  ['replicate', '3.0.0', 3, 'Reconfigure a node as a replica of the specified master node'],
  ['saveconfig', '3.0.0', 2, 'Forces the node to save cluster state on disk'],
  ['set-config-epoch', '3.0.0', 3, 'Set the configuration epoch in a new node'],
  ['setslot', '3.0.0', -4, 'Bind a hash slot to a specific node'],
]

const QUESTIONS: readonly Row[] = [
  ['countkeysinslot', '3.0.0', 3, 'Return the number of local keys in the specified hash slot'],
  ['keyslot', '3.0.0', 3, 'Returns the hash slot of the specified key'],
  ['myid', '3.0.0', 2, 'Return the node id'],
]

const OPEN_QUESTIONS: readonly Row[] = [
  ['getkeysinslot', '3.0.0', 4, 'Return local key names in the specified hash slot'],
  ['info', '3.0.0', 2, 'Provides info about Redis Cluster node state'],
  ['links', '7.0.0', 2, 'Returns a list of all TCP links to and from peer nodes in cluster'],
  ['nodes', '3.0.0', 2, 'Get Cluster config for the node'],
  ['shards', '7.0.0', 2, 'Get array of cluster slots to node mappings'],
  ['slots', '3.0.0', 2, 'Get array of Cluster slot to node mappings'],
]

const ADMIN_QUESTIONS: readonly Row[] = [
  [
    'count-failure-reports',
    '3.0.0',
    3,
    'Return the number of failure reports active for a given node',
  ],
  ['replicas', '5.0.0', 3, 'List replica nodes of the specified master node'],
  ['slaves', '3.0.0', 3, 'List replica nodes of the specified master node'],
]

/** Known by name and asked for by clients at their start; there is no cluster mode yet, as they are told. */
export const clusterCommands: readonly CommandSpec[] = [
  {
    name: 'cluster',
    group: 'cluster',
    since: '3.0.0',
    summary: 'A container for cluster commands',
    arity: -2,
    flags: [],
    subcommands: [
      ...CHANGES.map((row) => subcommand(row, CHANGE)),
      ...QUESTIONS.map((row) => subcommand(row, READ)),
      ...OPEN_QUESTIONS.map((row) => subcommand(row, READ, OPEN_RESULT)),
      ...ADMIN_QUESTIONS.map((row) => subcommand(row, ADMIN, OPEN_RESULT)),
      subcommand(
        ['bumpepoch', '3.0.0', 2, 'Advance the cluster config epoch'],
        CHANGE,
        OPEN_RESULT,
      ),
      subcommand(
        ['reset', '3.0.0', -2, 'Reset a Redis Cluster node'],
        ['admin', 'noscript', 'stale'],
      ),
      subcommand(
        ['help', '5.0.0', 2, 'Show helpful text about the different subcommands'],
        ['loading', 'stale'],
      ),
    ],
    run: () => undefined,
  },
  ofConnection('asking', 'Sent by cluster clients after an -ASK redirect', ['fast']),
  ofConnection('readonly', 'Enables read queries for a connection to a cluster replica node', [
    'loading',
    'stale',
    'fast',
  ]),
  ofConnection('readwrite', 'Disables read queries for a connection to a cluster replica node', [
    'loading',
    'stale',
    'fast',
  ]),
]

function subcommand(
  [name, since, arity, summary]: Row,
  flags: readonly CommandFlag[],
  tips: readonly string[] = [],
): CommandSpec {
  return { name, group: 'cluster', since, summary, arity, flags, tips, run: refuse }
}

function ofConnection(name: string, summary: string, flags: readonly CommandFlag[]): CommandSpec {
  const categories = ['connection']
  return {
    name,
    group: 'cluster',
    since: '3.0.0',
    summary,
    arity: 1,
    flags,
    categories,
    run: refuse,
  }
}

function refuse({ reply }: CommandContext): void {
  reply.error(replyErrors.clusterDisabled)
}
