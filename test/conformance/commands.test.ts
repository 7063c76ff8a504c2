import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BothServers, startBothServers } from '../support/both-servers.ts'
import { RawRespClient } from '../support/raw-resp-client.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'
import { ALL_SCRIPTS } from './all-scripts.ts'
import type { Line } from './script.ts'

requireToolInCi('redis-server')
const hasRedis = findTool('redis-server') !== undefined

/** Two commands of a script may fall on two sides of a millisecond: what depends on it is rounded away. */
const ms = (reply: string) =>
  reply.replace(
    /^:(\d{4,6})\r\n$/,
    (_all, digits) => `:~${Math.round(Number(digits) / 1_000)}s\r\n`,
  )

interface Step {
  readonly argv: readonly string[]
  readonly shown: (reply: string) => string
}

function stepOf(line: Line): Step {
  const argv = typeof line === 'string' ? line.split(' ') : line
  if (argv[0] !== '~') return { argv, shown: ms }
  return { argv: argv.slice(1), shown: (reply) => reply.split('\r\n').sort().join('\r\n') }
}

describe.skipIf(!hasRedis)('the engine beside redis-server 7.0.15', () => {
  let servers: BothServers

  beforeAll(async () => {
    servers = await startBothServers()
  })

  afterAll(async () => {
    await servers.stop()
  })

  describe.each([['2'], ['3']])('RESP%s', (protocol) => {
    it.each(Object.entries(ALL_SCRIPTS))('answers alike: %s', async (_name, script) => {
      const theirs = await RawRespClient.connect(servers.redis.port)
      const ours = await RawRespClient.connect(servers.engine.port)
      for (const client of [theirs, ours]) {
        await client.send('FLUSHALL')
        await client.send('HELLO', protocol)
      }
      for (const line of script) {
        const { argv, shown } = stepOf(line)
        const expected = shown(await theirs.send(...argv))
        const actual = shown(await ours.send(...argv))
        expect(`${argv.join(' ')} => ${actual}`).toBe(`${argv.join(' ')} => ${expected}`)
      }
      theirs.close()
      ours.close()
    })
  })

  it.each([
    ['an inline command', 'PING\r\n'],
    ['an inline command with quotes', 'SET "a \\x41" \'b\'\r\nGET "a A"\r\n'],
    [
      'an inline command with blanks of other kinds',
      '\v\fECHO a\vb\fc\r\nECHO \xa0x\x85\tPING\r\n',
    ],
    ['an inline command with text behind a quote', 'ECHO "a"\v\r\nECHO "a"b\r\n'],
    [
      'an offset that is empty',
      '*5\r\n$8\r\nBITFIELD\r\n$1\r\na\r\n$3\r\nGET\r\n$2\r\nu8\r\n$0\r\n#7\r\n',
    ],
    ['an empty line', '\r\nPING\r\n'],
    ['an empty array', '*0\r\nPING\r\n'],
    ['a negative array', '*-10\r\nPING\r\n'],
    ['unbalanced quotes', 'SET "a\r\n'],
    ['a length that is no number', '*x\r\n'],
    ['an array that is too long', '*2147483648\r\n'],
    ['a bulk without its sign', '*1\r\nx4\r\nPING\r\n'],
    ['a negative bulk', '*1\r\n$-1\r\n'],
    ['a bulk that is too long', '*1\r\n$999999999999\r\n'],
    ['an array whose line does not end', `*${'1'.repeat(70_000)}`],
    ['a line that does not end', 'x'.repeat(200_000)],
    ['an unknown command', '*3\r\n$3\r\nfoo\r\n$3\r\nbar\r\n$4\r\n\r\n\r\n\r\n'],
  ])('answers alike to %s', async (_name, bytes) => {
    const theirs = await RawRespClient.connect(servers.redis.port)
    const ours = await RawRespClient.connect(servers.engine.port)
    const expected = await theirs.sendBytes(bytes)
    expect(await ours.sendBytes(bytes)).toBe(expected)
    theirs.close()
    ours.close()
  })
})
