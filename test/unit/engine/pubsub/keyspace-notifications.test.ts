import { describe, expect, it } from 'vitest'
import { KeyEvents } from '../../../../src/engine/keyspace/key-events.ts'
import { Channels } from '../../../../src/engine/pubsub/channels.ts'
import { KeyspaceNotifications } from '../../../../src/engine/pubsub/keyspace-notifications.ts'
import { recordingClient } from '../../../support/recording-client.ts'

const KEY = Buffer.from('k')

function notified(flags: string): string[] {
  const events = new KeyEvents()
  const channels = new Channels()
  const { client, output } = recordingClient()
  channels.subscribe(client, 'pattern', '*')
  new KeyspaceNotifications(events, channels).configure(flags)
  for (const eventClass of ['string', 'generic'] as const) {
    if (events.wants(eventClass)) events.onEvent?.(eventClass, 'done', 3, KEY)
  }
  events.created(3, KEY, 0, 1)
  events.missed(3, KEY, 0, 1)
  return output.received.map((text) =>
    text
      .split('\r\n')
      .filter((_, at) => at > 4 && at % 2 === 0)
      .join(' '),
  )
}

describe('KeyspaceNotifications', () => {
  it.each([
    ['', []],
    ['g$mn', []],
    ['K$', ['__keyspace@3__:k done']],
    ['E$', ['__keyevent@3__:done k']],
    ['KE$', ['__keyspace@3__:k done', '__keyevent@3__:done k']],
    ['EA', ['__keyevent@3__:done k', '__keyevent@3__:done k']],
    ['En', ['__keyevent@3__:new k']],
    ['Em', ['__keyevent@3__:keymiss k']],
  ])('tells with %j of %j', (flags, messages) => {
    expect(notified(flags)).toEqual(messages)
  })

  it('stops when it is switched off', () => {
    const events = new KeyEvents()
    const notifications = new KeyspaceNotifications(events, new Channels())
    notifications.configure('KEA')
    notifications.configure('')
    expect([events.isHeard, events.onEvent]).toEqual([false, undefined])
  })
})
