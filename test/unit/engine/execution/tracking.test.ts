import { describe, expect, it } from 'vitest'
import { CLIENT_STATE, type Client } from '../../../../src/engine/execution/client.ts'
import { ClientRegistry } from '../../../../src/engine/execution/client-registry.ts'
import { Command } from '../../../../src/engine/execution/command.ts'
import { keysFrom } from '../../../../src/engine/execution/key-spec.ts'
import { Tracking, type TrackingMode } from '../../../../src/engine/execution/tracking.ts'
import { Turn } from '../../../../src/engine/execution/turn.ts'
import { ArgumentVector } from '../../../../src/engine/protocol/argument-vector.ts'
import { collectOutput } from '../../../support/collect-output.ts'

const MGET = new Command({
  name: 'mget',
  group: 'string',
  since: '1.0.0',
  summary: '',
  arity: -2,
  flags: ['readonly'],
  keySpecs: [keysFrom(1, 'RO', 'access')],
  run: () => undefined,
})
const ALL: TrackingMode = {
  redirectTo: 0,
  isBroadcast: false,
  mode: 'all',
  isNoLoop: false,
  prefixes: [],
}

function world() {
  const clients = new ClientRegistry()
  const turn = new Turn()
  const switched: boolean[] = []
  const tracking = new Tracking({ clients, turn, onSwitched: (isOn) => switched.push(isOn) })
  const connect = (protocol: 2 | 3) => {
    const client = clients.add({
      address: '1.2.3.4:5',
      nowMs: 0,
      isEmbedded: false,
    })
    client.protocol = protocol
    return { client, received: collectOutput(client) }
  }
  const read = (client: Client, ...keys: readonly string[]): void => {
    const argv = new ArgumentVector()
    argv.load(['MGET', ...keys])
    tracking.begin(client, MGET, argv)
    tracking.ran(client, MGET, argv)
    tracking.end(client, MGET)
  }
  const change = (key: string): void => tracking.invalidate(Buffer.from(key))
  return { clients, turn, tracking, switched, connect, read, change }
}

const push = (key: string) => `>2\r\n$10\r\ninvalidate\r\n*1\r\n$${key.length}\r\n${key}\r\n`

describe('Tracking', () => {
  it('is on while a client tracks, and forgets all when the last one stops', () => {
    const { tracking, switched, connect, read } = world()
    const { client } = connect(3)
    tracking.enable(client, ALL)
    read(client, 'a', 'b', 'a')
    expect([tracking.keyCount, tracking.itemCount, tracking.clientCount]).toEqual([2, 2, 1])
    expect(tracking.bytes).toBeGreaterThan(0)
    tracking.disable(client)
    expect([tracking.keyCount, tracking.itemCount, tracking.bytes]).toEqual([0, 0, 0])
    expect(switched).toEqual([true, false])
  })

  it('tells the client of RESP3 once', () => {
    const { tracking, connect, read, change } = world()
    const { client, received } = connect(3)
    tracking.enable(client, ALL)
    read(client, 'a')
    change('a')
    change('a')
    expect(received()).toBe(push('a'))
  })

  it.each<[2 | 3, boolean, string]>([
    [3, false, push('a')],
    [2, true, '*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$1\r\na\r\n'],
    [2, false, ''],
  ])('tells another client of RESP%i, which listens: %s', (protocol, isSubscribed, message) => {
    const { tracking, connect, read, change } = world()
    const reader = connect(2)
    const other = connect(protocol)
    other.client.set(CLIENT_STATE.subscribed, isSubscribed)
    tracking.enable(reader.client, { ...ALL, redirectTo: other.client.id })
    read(reader.client, 'a')
    change('a')
    expect(other.received()).toBe(message)
    expect(reader.received()).toBe('')
  })

  it('says that the other client is gone', () => {
    const { clients, tracking, connect, read, change } = world()
    const reader = connect(3)
    const other = connect(3)
    tracking.enable(reader.client, { ...ALL, redirectTo: other.client.id })
    read(reader.client, 'a')
    clients.remove(other.client)
    change('a')
    expect(reader.received()).toBe(`>2\r\n$21\r\ntracking-redir-broken\r\n:${other.client.id}\r\n`)
    expect(tracking.stateOf(reader.client)?.isRedirectBroken).toBe(true)
  })

  it('lets go of keys that are too many, and tells their readers', () => {
    const { tracking, connect, read } = world()
    const { client, received } = connect(3)
    tracking.enable(client, ALL)
    tracking.keysMax = 2
    read(client, 'a', 'b')
    tracking.limit()
    expect(received()).toBe('')
    read(client, 'c')
    tracking.limit()
    expect(tracking.keyCount).toBe(2)
    expect(received()).toBe(push('a'))
  })

  it('lets go of more keys each time that it was not enough, and of none without a limit', () => {
    const { tracking, connect, read } = world()
    const { client } = connect(3)
    tracking.enable(client, ALL)
    read(client, ...Array.from({ length: 500 }, (_, index) => `key:${index}`))
    tracking.keysMax = 0
    tracking.limit()
    expect(tracking.keyCount).toBe(500)
    tracking.keysMax = 1
    tracking.limit()
    expect(tracking.keyCount).toBe(400)
    tracking.limit()
    expect(tracking.keyCount).toBe(200)
  })

  it('tells of all keys by null, in the words of who tracks', () => {
    const { tracking, connect, read } = world()
    const { client, received } = connect(3)
    tracking.enable(client, ALL)
    read(client, 'a')
    tracking.invalidateAll()
    expect(received()).toBe('>2\r\n$10\r\ninvalidate\r\n_\r\n')
    expect(tracking.keyCount).toBe(0)
  })

  it('broadcasts the keys of a turn together, sorted, at its end', () => {
    const { turn, tracking, connect, change } = world()
    const { client, received } = connect(3)
    tracking.enable(client, { ...ALL, isBroadcast: true, prefixes: ['a'] })
    for (const key of ['ab', 'b', 'aa', 'ab']) change(key)
    expect(received()).toBe('')
    turn.end()
    expect(received()).toBe('>2\r\n$10\r\ninvalidate\r\n*2\r\n$2\r\naa\r\n$2\r\nab\r\n')
    turn.end()
    expect(received()).toBe('')
  })
})
