import type { CommandSpec } from '../execution/command.ts'

export const replicationCommands: readonly CommandSpec[] = [
  {
    name: 'sync',
    group: 'server',
    since: '1.0.0',
    summary: 'Internal command used for replication',
    arity: 1,
    flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
    run: (context) => context.services.replication.sync(context),
  },
  {
    name: 'psync',
    group: 'server',
    since: '2.8.0',
    summary: 'Internal command used for replication',
    arity: -3,
    flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
    run: (context) => context.services.replication.sync(context),
  },
  {
    name: 'replconf',
    group: 'server',
    since: '3.0.0',
    summary: 'An internal command for configuring the replication stream',
    arity: -1,
    flags: ['admin', 'noscript', 'loading', 'stale', 'allow_busy'],
    run: (context) => context.services.replication.configure(context),
  },
  {
    name: 'role',
    group: 'server',
    since: '2.8.12',
    summary: 'Return the role of the instance in the context of replication',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast'],
    categories: ['admin', 'dangerous'],
    run: (context) => context.services.replication.role(context),
  },
  {
    name: 'wait',
    group: 'generic',
    since: '3.0.0',
    summary:
      'Wait for the synchronous replication of all the write commands sent in the context of the current connection',
    arity: 3,
    flags: ['noscript'],
    categories: ['connection'],
    tips: ['request_policy:all_shards', 'response_policy:agg_min'],
    run: (context) => context.services.replication.wait(context),
  },
]
