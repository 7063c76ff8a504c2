import { CLIENT_STATE, type Client } from '../execution/client.ts'
import { mayUseChannel } from './access-check.ts'
import type { Permissions } from './permissions.ts'

/**
 * The channels that new rules still allow, when old ones allowed more; nothing when no subscriber has to go
 * (acl.c, ACLKillPubsubClientsIfNeeded).
 */
export function narrowedChannels(
  before: readonly Permissions[],
  after: readonly Permissions[],
): readonly string[] | undefined {
  if (after.some(({ allowsAllChannels }) => allowsAllChannels)) return undefined
  const allowed = after.flatMap(({ channelPatterns }) => channelPatterns)
  const isNarrower = before.some(
    ({ allowsAllChannels, channelPatterns }) =>
      allowsAllChannels || channelPatterns.some((pattern) => !allowed.includes(pattern)),
  )
  return isNarrower ? allowed : undefined
}

/** Whether it listens to something that is not among these channels. */
export function listensBeyond(client: Client, allowed: readonly string[]): boolean {
  const { subscriptions } = client
  if (subscriptions === undefined || !client.is(CLIENT_STATE.subscribed)) return false
  const isDenied =
    (isPattern: boolean) =>
    (name: string): boolean =>
      !mayUseChannel(allowed, name, isPattern)
  return (
    [...subscriptions.pattern].some(isDenied(true)) ||
    [...subscriptions.channel].some(isDenied(false)) ||
    [...subscriptions.shard].some(isDenied(false))
  )
}
