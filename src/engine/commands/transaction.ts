import { CLIENT_STATE } from '../execution/client.ts'
import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext, EngineServices } from '../execution/context.ts'
import { keysFrom } from '../execution/key-spec.ts'
import type { Transaction } from '../execution/transaction.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'

const FLAGS = ['noscript', 'loading', 'stale', 'fast', 'allow_busy'] as const

export const transactionCommands: readonly CommandSpec[] = [
  {
    name: 'multi',
    group: 'transactions',
    since: '1.2.0',
    summary: 'Mark the start of a transaction block',
    arity: 1,
    flags: FLAGS,
    run: multi,
  },
  {
    name: 'exec',
    group: 'transactions',
    since: '1.2.0',
    summary: 'Execute all commands issued after MULTI',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'skip_slowlog'],
    run: exec,
  },
  {
    name: 'discard',
    group: 'transactions',
    since: '2.0.0',
    summary: 'Discard all commands issued after MULTI',
    arity: 1,
    flags: FLAGS,
    run: discard,
  },
  {
    name: 'watch',
    group: 'transactions',
    since: '2.2.0',
    summary: 'Watch the given keys to determine execution of the MULTI/EXEC block',
    arity: -2,
    flags: FLAGS,
    keySpecs: [keysFrom(1, 'RO')],
    run: watch,
  },
  {
    name: 'unwatch',
    group: 'transactions',
    since: '2.2.0',
    summary: 'Forget about all watched keys',
    arity: 1,
    flags: FLAGS,
    run: unwatch,
  },
]

function multi({ client, reply, services }: CommandContext): void {
  if (client.transaction !== undefined) return reply.error(replyErrors.multiNested)
  services.transactions.begin(client)
  reply.simple('OK')
}

function discard({ client, reply, services }: CommandContext): void {
  if (client.transaction === undefined) return reply.error(replyErrors.discardWithoutMulti)
  services.transactions.discard(client)
  reply.simple('OK')
}

function exec(context: CommandContext): void {
  const { client, reply, services } = context
  const { transaction } = client
  if (transaction === undefined) return reply.error(replyErrors.execWithoutMulti)
  if (services.transactions.hasExpired(client)) client.isDirty = true
  if (!transaction.isBroken && !client.isDirty) return runAll(context, transaction)
  if (transaction.isBroken) reply.error(replyErrors.execAborted)
  else reply.nullArray()
  services.transactions.discard(client)
}

/** What a queued command does to the watched keys of its own client is no longer of interest. */
function runAll({ client, reply, services }: CommandContext, transaction: Transaction): void {
  const { deniesBlocking } = client
  services.transactions.unwatch(client)
  client.deniesBlocking = true
  reply.array(transaction.commands.length)
  try {
    for (const { command, argv } of transaction.commands) {
      // Since it was queued the rules may have changed, or the user.
      const refusal = client.is(CLIENT_STATE.restricted)
        ? services.acl.refuseQueued({ client, command, argv })
        : undefined
      if (refusal === undefined) services.nested.run(client, { command, argv, reply })
      else refuse(refusal, reply, services)
    }
  } finally {
    // A bug of ours in one of them may not leave a caller in this process in a transaction for ever.
    client.deniesBlocking = deniesBlocking
    services.transactions.discard(client)
  }
}

/** Counted with the others: EXEC itself has not failed. */
function refuse(text: string, reply: ReplyWriter, { nested }: EngineServices): void {
  reply.error(text)
  nested.reject(undefined, text)
  reply.lastError = ''
}

function watch({ argv, client, reply, services }: CommandContext): void {
  if (client.transaction !== undefined) return reply.error(replyErrors.watchInMulti)
  // Nothing can make a transaction fail more than it will.
  for (let index = 1; index < argv.count && !client.isDirty; index += 1) {
    services.transactions.watch(client, argv.view(index))
  }
  reply.simple('OK')
}

function unwatch({ client, reply, services }: CommandContext): void {
  services.transactions.unwatch(client)
  client.isDirty = false
  reply.simple('OK')
}
