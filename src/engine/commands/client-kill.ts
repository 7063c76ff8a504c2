import type { AclService, ClientUser } from '../execution/acl-service.ts'
import { integerArgument } from '../execution/arguments.ts'
import type { Client } from '../execution/client.ts'
import type { CommandContext } from '../execution/context.ts'
import { noSuchUser, replyErrors, unknownClientType } from '../protocol/reply-errors.ts'
import { clientTypeOf, isClientType } from './client-description.ts'

/** Which clients CLIENT KILL means: all of what is given must fit. */
interface KillFilter {
  address?: string
  localAddress?: string
  type?: string
  user?: ClientUser
  id?: number
  skipsCaller: boolean
}

export function clientKill(context: CommandContext): void {
  const { argv, client, reply, services } = context
  // The old form may end its own client, and tells whether there was one.
  const isOldForm = argv.count === 3
  const filter = isOldForm ? { address: argv.latin1(2), skipsCaller: false } : readFilter(context)
  if (filter === undefined) return
  const meant = [...services.clients].filter(
    (other) => !other.isEmbedded && isMeant(other, filter, client),
  )
  if (!isOldForm) reply.integer(meant.length)
  else if (meant.length > 0) reply.simple('OK')
  else reply.error(replyErrors.noSuchClient)
  for (const other of meant) services.clients.kill(other, client)
}

/** `undefined` after an error, which has been written. */
function readFilter({ argv, reply, services }: CommandContext): KillFilter | undefined {
  const filter: KillFilter = { skipsCaller: true }
  for (let index = 2; index < argv.count; index += 2) {
    const error =
      index + 1 < argv.count
        ? readOption(argv, index, { filter, acl: services.acl })
        : replyErrors.syntax
    if (error === undefined) continue
    reply.error(error)
    return undefined
  }
  return filter
}

/** The error, if it is one. */
function readOption(
  argv: CommandContext['argv'],
  index: number,
  { filter, acl }: { readonly filter: KillFilter; readonly acl: AclService },
): string | undefined {
  const value = argv.latin1(index + 1)
  if (argv.is(index, 'ID')) {
    filter.id = integerArgument(argv, index + 1)
    return filter.id >= 1 ? undefined : replyErrors.clientIdNotPositive
  }
  if (argv.is(index, 'TYPE')) {
    const type = value.toLowerCase()
    if (!isClientType(type)) return unknownClientType(value)
    filter.type = type === 'replica' ? 'slave' : type
  } else if (argv.is(index, 'ADDR')) filter.address = value
  else if (argv.is(index, 'LADDR')) filter.localAddress = value
  else if (argv.is(index, 'USER')) {
    const user = acl.find(value)
    if (user === undefined) return noSuchUser(value)
    filter.user = user
  } else if (argv.is(index, 'SKIPME') && argv.is(index + 1, 'YES')) filter.skipsCaller = true
  else if (argv.is(index, 'SKIPME') && argv.is(index + 1, 'NO')) filter.skipsCaller = false
  else return replyErrors.syntax
  return undefined
}

function isMeant(client: Client, filter: KillFilter, caller: Client): boolean {
  if (client === caller && filter.skipsCaller) return false
  if (filter.address !== undefined && client.address !== filter.address) return false
  if (filter.type !== undefined && clientTypeOf(client) !== filter.type) return false
  if (filter.user !== undefined && client.user !== filter.user) return false
  if (filter.id !== undefined && client.id !== filter.id) return false
  return (
    filter.localAddress === undefined || client.output.state().localAddress === filter.localAddress
  )
}
