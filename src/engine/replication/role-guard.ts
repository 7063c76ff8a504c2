import { CLIENT_STATE } from '../execution/client.ts'
import { type Guard, hasFlag } from '../execution/guard.ts'
import type { ReplicationService } from '../execution/replication-service.ts'
import { replyErrors } from '../protocol/reply-errors.ts'

/** NOREPLICAS and READONLY, for writes and transactions with a write. */
export function writeGuard(replication: () => ReplicationService): Guard {
  return {
    concerns: 'engine',
    refuse: (client, command, argv) =>
      hasFlag({ client, command, argv }, 'write') ? replication().writeRefusal(client) : undefined,
  }
}

/** MASTERDOWN, for all that is not allowed while the data may be old, and transactions with such a command. */
export function staleGuard(replication: () => ReplicationService): Guard {
  return {
    concerns: 'engine',
    refuse: (client, command, argv) => {
      const isQueueAllowed =
        command.fullName !== 'exec' || client.transaction?.allHave('stale') !== false
      const isAllowed = isQueueAllowed && command.flagsFor(argv).includes('stale')
      return isAllowed ? undefined : replication().staleError
    },
  }
}

/** LOADING, while the primary's data comes in; beside the old data, for what would be in its way. */
export function copyGuard(replication: () => ReplicationService): Guard {
  return {
    concerns: 'engine',
    refuse: (_client, command, argv) => {
      const { loadingKind } = replication()
      const flags = command.flagsFor(argv)
      const isRefused =
        (loadingKind === 'exclusive' && !flags.includes('loading')) ||
        (loadingKind === 'aside' && flags.includes('no_async_loading'))
      return isRefused ? replyErrors.loading : undefined
    },
  }
}

/** A replica touches no key of the server it follows. */
export const replicaClientGuard: Guard = {
  concerns: 'client',
  refuse: (client, command) =>
    client.is(CLIENT_STATE.replica) &&
    (command.isRead || command.isWrite || command.spec.flags.includes('may_replicate'))
      ? replyErrors.replicaInteracts
      : undefined,
}
