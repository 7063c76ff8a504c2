import type { Eviction } from '../keyspace/eviction.ts'
import { notInSubscriberContext, replyErrors } from '../protocol/reply-errors.ts'
import type { AclService } from './acl-service.ts'
import { CLIENT_STATE } from './client.ts'
import type { ClientPause } from './client-pause.ts'
import { type Guard, hasFlag, POSTPONED } from './guard.ts'
import type { LargeChanges } from './large-changes.ts'

/** Commands that a client who listens in RESP2 may send (server.c, processCommand). */
const SUBSCRIBER_COMMANDS = new Set([
  'ping',
  'subscribe',
  'ssubscribe',
  'unsubscribe',
  'sunsubscribe',
  'psubscribe',
  'punsubscribe',
  'quit',
  'reset',
])
/** Of a transaction's commands those that run, want of memory or not. */
const ALWAYS_IN_TRANSACTION = new Set(['exec', 'discard', 'quit', 'reset'])

export const authenticationGuard: Guard = {
  concerns: 'client',
  refuse: (client, command) =>
    client.isAuthenticated || command.allowsUnauthenticated
      ? undefined
      : replyErrors.authenticationRequired,
}

/** Of a user who may not do everything. */
export function aclGuard(acl: () => AclService): Guard {
  return {
    concerns: 'client',
    refuse: (client, command, argv) =>
      client.is(CLIENT_STATE.restricted) ? acl().refuse({ client, command, argv }) : undefined,
  }
}

export const transactionGuard: Guard = {
  concerns: 'client',
  refuse: (client, command) =>
    client.transaction !== undefined && command.spec.flags.includes('no_multi')
      ? replyErrors.notInTransaction
      : undefined,
}

/** Every command makes room, so that memory falls even while only reads come in. */
export function memoryGuard(eviction: Eviction): Guard {
  return {
    concerns: 'engine',
    refuse: (client, command, argv) => {
      const hasRoom = eviction.makeRoom()
      if (hasRoom) return undefined
      // A queue takes memory, whatever is queued.
      const isQueued =
        client.transaction !== undefined && !ALWAYS_IN_TRANSACTION.has(command.fullName)
      return isQueued || hasFlag({ client, command, argv }, 'denyoom')
        ? replyErrors.outOfMemory
        : undefined
    },
  }
}

/** Writes are refused while what is written could not be kept: `error` tells why. */
export function writeErrorGuard(error: () => string | undefined): Guard {
  return {
    concerns: 'engine',
    refuse: (client, command, argv) =>
      command.fullName === 'ping' || hasFlag({ client, command, argv }, 'write')
        ? error()
        : undefined,
  }
}

/** Until everything is in memory. */
export const loadingGuard: Guard = {
  concerns: 'engine',
  refuse: (_client, command, argv) =>
    command.flagsFor(argv).includes('loading') ? undefined : replyErrors.loading,
}

export const subscriberGuard: Guard = {
  concerns: 'client',
  refuse: (client, command) =>
    client.protocol === 2 &&
    client.is(CLIENT_STATE.subscribed) &&
    !SUBSCRIBER_COMMANDS.has(command.fullName)
      ? notInSubscriberContext(command.fullName)
      : undefined,
}

/** Puts off what a pause or a snapshot stops. A caller in this process cannot be: it takes its reply at once. */
export function postponingGuard(reason: ClientPause | LargeChanges): Guard {
  return {
    concerns: 'engine',
    refuse: (client, command, argv) => {
      if (client.isEmbedded || !reason.stops({ client, command, argv })) return undefined
      return POSTPONED
    },
  }
}

/** A monitor sees keys only in what others do. */
export const monitorGuard: Guard = {
  concerns: 'client',
  refuse: (client, command) =>
    client.is(CLIENT_STATE.monitoring) &&
    (command.isRead || command.isWrite || command.spec.flags.includes('may_replicate'))
      ? replyErrors.replicaInteracts
      : undefined,
}

/** While a script takes too long: `error` tells which one it is. */
export function busyGuard(error: () => string | undefined): Guard {
  return {
    concerns: 'engine',
    refuse: (_client, command) => (command.spec.flags.includes('allow_busy') ? undefined : error()),
  }
}
