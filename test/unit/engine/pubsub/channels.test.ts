import { beforeEach, describe, expect, it } from 'vitest'
import { CLIENT_STATE } from '../../../../src/engine/execution/client.ts'
import { Channels } from '../../../../src/engine/pubsub/channels.ts'
import { recordingClient } from '../../../support/recording-client.ts'

const X = Buffer.from('x')
const HELLO = Buffer.from('hello')

describe('Channels', () => {
  let channels: Channels

  beforeEach(() => {
    channels = new Channels()
  })

  it('sends to those who listen, in the protocol of each, encoded once', () => {
    const made = [1, 2, 3].map((id) => recordingClient(id))
    for (const { client } of made) channels.subscribe(client, 'channel', 'x')
    for (const { client } of made.slice(2)) client.protocol = 3
    expect(channels.publish('channel', X, HELLO)).toBe(3)
    const [first, second, third] = made.map(({ output }) => output)
    expect(first?.received).toEqual(['*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$5\r\nhello\r\n'])
    expect(third?.received).toEqual(['>3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$5\r\nhello\r\n'])
    expect(second?.messages[0]).toBe(first?.messages[0])
  })

  it('sends once for the channel and once for each pattern that matches', () => {
    const { client, output } = recordingClient()
    channels.subscribe(client, 'channel', 'x')
    for (const pattern of ['*', '?', 'y']) channels.subscribe(client, 'pattern', pattern)
    expect(channels.publish('channel', X, HELLO)).toBe(3)
    expect(output.received).toHaveLength(3)
  })

  it('keeps channels of slots apart', () => {
    const { client } = recordingClient()
    channels.subscribe(client, 'shard', 'x')
    channels.subscribe(client, 'pattern', '*')
    expect(channels.publish('channel', X, HELLO)).toBe(1)
    expect(channels.publish('shard', X, HELLO)).toBe(1)
    expect([client.subscriptionCount(false), client.subscriptionCount(true)]).toEqual([1, 1])
  })

  it('takes names of any bytes', () => {
    const name = Buffer.from([0, 255, 13, 10])
    const { client, output } = recordingClient()
    channels.subscribe(client, 'channel', name.toString('latin1'))
    expect(channels.publish('channel', name, HELLO)).toBe(1)
    expect(output.received[0]).toContain('$4\r\n\0\u{ff}\r\n\r\n')
  })

  it('listens once, however often it is asked', () => {
    const { client } = recordingClient()
    expect(channels.subscribe(client, 'channel', 'x')).toBe(true)
    expect(channels.subscribe(client, 'channel', 'x')).toBe(false)
    expect(channels.publish('channel', X, HELLO)).toBe(1)
  })

  it('lets go of all memory with the last subscription', () => {
    const { client } = recordingClient()
    channels.subscribe(client, 'channel', 'x')
    channels.subscribe(client, 'pattern', 'y*')
    expect(channels.memory.bytes).toBeGreaterThan(0)
    expect(channels.unsubscribe(client, 'channel', 'none')).toBe(false)
    channels.unsubscribe(client, 'channel', 'x')
    expect(client.is(CLIENT_STATE.subscribed)).toBe(true)
    channels.unsubscribeAll(client)
    expect(client.is(CLIENT_STATE.subscribed)).toBe(false)
    expect([channels.memory.bytes, channels.nameCount('pattern')]).toEqual([0, 0])
  })
})
