import { CLIENT_STATE, type Client } from '../execution/client.ts'
import type { CommandContext } from '../execution/context.ts'
import type { TrackingState } from '../execution/tracking.ts'

const TYPES = ['normal', 'master', 'slave', 'replica', 'pubsub']

/** Whether the word, in small letters, names a type of clients in CLIENT LIST and CLIENT KILL. */
export function isClientType(word: string): boolean {
  return TYPES.includes(word)
}

export function clientTypeOf(client: Client): 'normal' | 'pubsub' | 'slave' | 'master' {
  if (client.is(CLIENT_STATE.primary)) return 'master'
  if (client.is(CLIENT_STATE.replica)) return 'slave'
  return client.is(CLIENT_STATE.subscribed) ? 'pubsub' : 'normal'
}

/** Who asks, when, and with which command: its arguments count for the asking client. */
export type DescriptionContext = Pick<CommandContext, 'argv' | 'client' | 'nowMs' | 'services'>

/** One line of CLIENT LIST, with the fields of Redis 7.0 in its order. */
export function describeClient(context: DescriptionContext, client: Client): string {
  const { argv, nowMs, services } = context
  const state = client.output.state()
  const tracking = services.tracking.stateOf(client)
  const argumentBytes = client === context.client ? sumOfLengths(argv) : 0
  const transactionBytes = client.transaction?.bytes ?? 0
  const total = services.clientMemory.bytesOf(client) + argumentBytes
  const fields: readonly (readonly [name: string, value: string | number])[] = [
    ['id', client.id],
    ['addr', client.address],
    ['laddr', state.localAddress],
    ['fd', state.descriptor],
    ['name', client.name],
    ['age', Math.floor((nowMs - client.createdMs) / 1_000)],
    ['idle', Math.floor((nowMs - client.lastCommandMs) / 1_000)],
    ['flags', flagsOf(client, tracking)],
    ['db', client.databaseIndex],
    ['sub', client.subscriptions?.channel.size ?? 0],
    ['psub', client.subscriptions?.pattern.size ?? 0],
    ['ssub', client.subscriptions?.shard.size ?? 0],
    ['multi', client.transaction?.commands.length ?? -1],
    ['qbuf', state.inputBytes],
    ['qbuf-free', state.freeInputBytes],
    ['argv-mem', argumentBytes],
    ['multi-mem', transactionBytes],
    // Replies leave through one buffer that all connections share; what the kernel has not taken is told below.
    ['rbs', 0],
    ['rbp', 0],
    ['obl', 0],
    ['oll', state.outputBytes > 0 ? 1 : 0],
    ['omem', state.outputBytes],
    ['tot-mem', total],
    ['events', state.events],
    ['cmd', client.lastCommand],
    ['user', client.user?.name ?? '(superuser)'],
    ['redir', tracking?.redirectTo ?? -1],
    ['resp', client.protocol],
  ]
  return fields.map(([name, value]) => `${name}=${value}`).join(' ')
}

function flagsOf(client: Client, tracking: TrackingState | undefined): string {
  const flags: readonly (readonly [letter: string, isSet: boolean])[] = [
    ['S', client.is(CLIENT_STATE.replica)],
    ['O', client.is(CLIENT_STATE.monitoring)],
    ['M', client.is(CLIENT_STATE.primary)],
    ['P', client.is(CLIENT_STATE.subscribed)],
    ['x', client.transaction !== undefined],
    ['b', client.is(CLIENT_STATE.blocked)],
    ['t', tracking !== undefined],
    ['R', tracking?.isRedirectBroken === true],
    ['B', tracking?.isBroadcast === true],
    ['d', client.isDirty],
    ['c', client.isClosing],
    ['U', client.address.startsWith('/')],
    ['e', client.isKeptFromEviction],
  ]
  return flags.map(([letter, isSet]) => (isSet ? letter : '')).join('') || 'N'
}

function sumOfLengths(argv: CommandContext['argv']): number {
  let sum = 0
  for (let index = 0; index < argv.count; index += 1) sum += argv.length(index)
  return sum
}
