import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type EmbeddedClient, Engine } from '../../../src/engine/index.ts'
import { type Logger, silentLogger } from '../../../src/shared/logger.ts'
import { Listener } from '../../support/listener.ts'
import { waitUntil } from '../../support/wait-until.ts'

const ACKNOWLEDGED = ['REPLCONF', 'ACK', '0']

let engine: Engine
let client: EmbeddedClient
let port: number
let messages: string[]

beforeEach(async () => {
  messages = []
  const note = (_fields: unknown, text: string): void => void messages.push(text)
  const log: Logger = { ...silentLogger, info: note, warn: note, error: note }
  engine = new Engine({ log, directives: { 'repl-diskless-sync-delay': '0' } })
  await engine.start()
  port = (await engine.listen({ host: '127.0.0.1', port: 0 })).port
  client = engine.client()
})

afterEach(() => engine.stop())

const told = (text: string): boolean => messages.some((message) => message.includes(text))
const field = (name: string): string =>
  new RegExp(`^${name}:(.*)\\r$`, 'm').exec(engine.info())?.[1] ?? ''

async function connect(): Promise<Listener> {
  const replica = await Listener.connect(port)
  replica.send(['REPLCONF', 'listening-port', '7', 'capa', 'eof', 'capa', 'psync2'])
  return replica
}

/** One that has had its copy, and asks for the stream. */
async function online(): Promise<Listener> {
  const replica = await connect()
  replica.send(['PSYNC', '?', '-1'])
  await waitUntil(() => field('slave0').includes('state=online'))
  replica.send(ACKNOWLEDGED)
  return replica
}

async function goOn(id: string, offset: number): Promise<Listener> {
  const replica = await connect()
  replica.send(['PSYNC', id, String(offset)])
  await waitUntil(() => replica.text.includes('CONTINUE'))
  return replica
}

/** What has come behind the answer to PSYNC. */
const streamOf = ({ text }: Listener): string =>
  text.slice(text.indexOf('\r\n', text.indexOf('CONTINUE')) + 2)

describe('a replica that sends garbage', () => {
  it('for bytes of the protocol is hung up on, and nobody else notices', async () => {
    const good = await online()
    const bad = await connect()
    bad.send(['PSYNC', '?', '-1'])
    await waitUntil(() => field('connected_slaves') === '2')
    bad.write('*1\r\n!oops\r\n')
    await waitUntil(() => bad.text.endsWith('<closed>'))
    await waitUntil(() => field('connected_slaves') === '1')
    expect(told('Connection with replica 127.0.0.1:7 lost.')).toBe(true)
    client.call('SET', 'key', 'value')
    await waitUntil(() => good.text.includes('value'))
    good.close()
  })

  it.each([
    [['PING'], "Replica generated a reply to command 'ping', disconnecting it: id="],
    [['GET', 'key'], "Replica generated a reply to command 'get', disconnecting it: id="],
    [
      ['GET', 'key'],
      "== CRITICAL == This master is sending an error to its replica: 'ERR Replica can't interact with the keyspace' after processing the command 'get'",
    ],
    [['OOPS'], "Replica generated a reply to command '<unknown>', disconnecting it: id="],
  ])(
    'for a command (%s) is hung up on: an answer would stand in its stream',
    async (argv, message) => {
      const replica = await online()
      const before = replica.text.length
      replica.send(argv)
      await waitUntil(() => replica.text.endsWith('<closed>'))
      expect(told(message)).toBe(true)
      expect(replica.text.slice(before)).not.toMatch(/PONG|-ERR/)
    },
  )

  it('for an offset gets an error and no copy', async () => {
    const replica = await connect()
    replica.send(['PSYNC', 'id', 'much'])
    await waitUntil(() => replica.text.includes('-ERR value is not an integer'))
    expect(told('Replica 127.0.0.1:7 asks for synchronization but with a wrong offset')).toBe(true)
    expect(field('connected_slaves')).toBe('0')
    replica.close()
  })

  it('for an id gets a copy, and the log shows nothing that a terminal would obey', async () => {
    const replica = await connect()
    replica.send(['PSYNC', '\u001b[2J', '1'])
    await waitUntil(() => replica.text.includes('+FULLRESYNC'))
    expect(told("Replication ID mismatch (Replica asked for '?[2J'")).toBe(true)
    replica.close()
  })

  it('for acknowledgements is believed no more than before', async () => {
    const replica = await online()
    for (const offset of ['oops', '-5', '1.5']) replica.send(['REPLCONF', 'ACK', offset])
    client.call('SET', 'key', 'value')
    await waitUntil(() => replica.text.includes('value'))
    expect(field('slave0')).toContain('offset=0')
    replica.close()
  })
})

describe('a replica that hangs', () => {
  it('is disconnected after repl-timeout, with the stream', async () => {
    client.call('CONFIG', 'SET', 'repl-timeout', '1')
    const replica = await online()
    await waitUntil(() => replica.text.endsWith('<closed>'))
    expect(told('Disconnecting timedout replica (streaming sync): 127.0.0.1:7')).toBe(true)
  })

  it('is let be while it says by empty lines that it is there, as it loads', async () => {
    client.call('CONFIG', 'SET', 'repl-timeout', '1')
    const replica = await online()
    const silent = await connect()
    silent.send(['PSYNC', '?', '-1'])
    await waitUntil(() => {
      replica.write('\n')
      return silent.text.endsWith('<closed>')
    })
    expect(replica.text).not.toContain('<closed>')
    replica.close()
  })

  it('is disconnected after repl-timeout, with its copy', async () => {
    for (let index = 0; index < 40; index += 1) {
      client.call('SET', `key${index}`, 'x'.repeat(1_000_000))
    }
    client.call('CONFIG', 'SET', 'rdbcompression', 'no')
    client.call('CONFIG', 'SET', 'repl-timeout', '1')
    const replica = await connect()
    replica.pause()
    replica.send(['PSYNC', '?', '-1'])
    await waitUntil(() => told('Disconnecting timedout replica (full sync): 127.0.0.1:7'))
    await waitUntil(() => field('connected_slaves') === '0')
    await waitUntil(() => told('Diskless rdb transfer, last replica dropped'))
    replica.close()
  })
})

describe('a replica that comes again before its old connection is gone', () => {
  it('gets the stream on each from where it asks, in whatever order', async () => {
    const first = await online()
    client.call('SET', 'a', '1')
    client.call('SET', 'b', '2')
    await waitUntil(() => first.text.includes('$1\r\nb\r\n'))
    const id = field('master_replid')
    const end = Number(field('master_repl_offset'))
    const later = await goOn(id, end + 1)
    const earlier = await goOn(id, 1)
    client.call('SET', 'c', '3')
    const last = '*3\r\n$3\r\nSET\r\n$1\r\nc\r\n$1\r\n3\r\n'
    await waitUntil(() => later.text.endsWith(last) && earlier.text.endsWith(last))
    // A PING may stand in it, for both.
    expect(streamOf(earlier).endsWith(streamOf(later))).toBe(true)
    expect(streamOf(earlier).length - streamOf(later).length).toBe(end)
    expect(field('sync_partial_ok')).toBe('2')
    for (const each of [first, later, earlier]) each.close()
  })

  it('gets a copy when it asks for what nobody has written yet', async () => {
    const first = await online()
    const replica = await connect()
    replica.send(['PSYNC', field('master_replid'), '999999'])
    await waitUntil(() => replica.text.includes('+FULLRESYNC'))
    expect(told('tried to PSYNC with an offset that is greater than the master replication')).toBe(
      true,
    )
    for (const each of [first, replica]) each.close()
  })
})
