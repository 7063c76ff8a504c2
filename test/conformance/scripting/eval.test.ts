import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BothServers, startBothServers } from '../../support/both-servers.ts'
import { RawRespClient } from '../../support/raw-resp-client.ts'
import { findTool, requireToolInCi } from '../../support/tools.ts'
import { LUA_SNIPPETS } from './lua-snippets.ts'
import { SCRIPTING_COMMANDS } from './scripting-commands.ts'

requireToolInCi('redis-server')
const hasRedis = findTool('redis-server') !== undefined

/** One character for one byte: payloads are no UTF-8. */
function sendLatin1(client: RawRespClient, ...argv: readonly string[]): Promise<string> {
  const bulks = argv.map((argument) => `$${argument.length}\r\n${argument}\r\n`)
  return client.sendBytes(`*${argv.length}\r\n${bulks.join('')}`)
}

function bulkOf(reply: string): string {
  return reply.slice(reply.indexOf('\r\n') + 2, -2)
}

/** Where a value lies is nobody's business. */
const shown = (reply: string) => reply.replace(/0x[0-9a-f]+/g, '0x…')

describe.skipIf(!hasRedis)('scripts beside redis-server 7.0.15', () => {
  let servers: BothServers

  beforeAll(async () => {
    servers = await startBothServers()
  })

  afterAll(async () => {
    await servers.stop()
  })

  describe.each([['2'], ['3']])('RESP%s', (protocol) => {
    it.each(Object.entries(LUA_SNIPPETS))('answer alike: %s', async (_name, snippets) => {
      const theirs = await RawRespClient.connect(servers.redis.port)
      const ours = await RawRespClient.connect(servers.engine.port)
      for (const client of [theirs, ours]) {
        await client.send('FLUSHALL')
        await client.send('HELLO', protocol)
      }
      const differing: string[] = []
      for (const snippet of snippets) {
        const argv = ['EVAL', snippet, '2', 'a', 'b', 'x', '10']
        const expected = shown(await theirs.send(...argv))
        const actual = shown(await ours.send(...argv))
        if (actual !== expected) differing.push(`${snippet}\n  ${actual}\n  ${expected}`)
      }
      theirs.close()
      ours.close()
      expect(differing).toEqual([])
    })

    it.each(Object.entries(SCRIPTING_COMMANDS))('answer alike: %s', async (_name, lines) => {
      const theirs = await RawRespClient.connect(servers.redis.port)
      const ours = await RawRespClient.connect(servers.engine.port)
      for (const client of [theirs, ours]) {
        await client.send('FLUSHALL')
        await client.send('FUNCTION', 'FLUSH')
        await client.send('SCRIPT', 'FLUSH')
        await client.send('HELLO', protocol)
      }
      const differing: string[] = []
      for (const argv of lines) {
        const expected = shown(await theirs.send(...argv))
        const actual = shown(await ours.send(...argv))
        if (actual !== expected) differing.push(`${argv.join(' ')}\n  ${actual}\n  ${expected}`)
      }
      theirs.close()
      ours.close()
      expect(differing).toEqual([])
    })
  })

  it('take each other’s libraries', async () => {
    const theirs = await RawRespClient.connect(servers.redis.port)
    const ours = await RawRespClient.connect(servers.engine.port)
    const code = `#!lua name=moved\nredis.register_function('moved', function() return '${'x'.repeat(200)}' end)`
    for (const [from, to] of [
      [theirs, ours],
      [ours, theirs],
    ] as const) {
      await from.send('FUNCTION', 'FLUSH')
      await to.send('FUNCTION', 'FLUSH')
      await from.send('FUNCTION', 'LOAD', code)
      const payload = bulkOf(await from.send('FUNCTION', 'DUMP'))
      expect(await sendLatin1(to, 'FUNCTION', 'RESTORE', payload)).toBe('+OK\r\n')
      expect(await sendLatin1(to, 'FUNCTION', 'RESTORE', payload)).toBe(
        '-ERR Library moved already exists\r\n',
      )
      expect(await sendLatin1(to, 'FUNCTION', 'RESTORE', payload, 'REPLACE')).toBe('+OK\r\n')
      expect(await sendLatin1(to, 'FUNCTION', 'RESTORE', payload, 'FLUSH')).toBe('+OK\r\n')
      expect(bulkOf(await to.send('FCALL', 'moved', '0'))).toBe('x'.repeat(200))
      const broken = `${payload.slice(0, -1)}\x00`
      expect(await sendLatin1(to, 'FUNCTION', 'RESTORE', broken)).toBe(
        '-ERR DUMP payload version or checksum are wrong\r\n',
      )
    }
    theirs.close()
    ours.close()
  })
})
