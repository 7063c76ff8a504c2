import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../src/engine/index.ts'
import { RawRespClient } from '../../support/raw-resp-client.ts'

describe.each(['always', 'everysec', 'no'])('replies with appendfsync %s', (policy) => {
  let folder: string
  let engine: Engine
  let port: number

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-held-'))
    const directives = { dir: folder, save: '', appendonly: 'yes', appendfsync: policy }
    engine = new Engine({ isPersistent: true, directives })
    await engine.start()
    await engine.load()
    port = (await engine.listen({ host: '127.0.0.1', port: 0 })).port
  })
  afterEach(async () => {
    await engine.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('come in the order of the commands, also when the log is handed over amid them', async () => {
    const client = await RawRespClient.connect(port)
    const lines = ['SET a 1', 'CONFIG SET appendonly no', 'SET b 2', 'ECHO c', 'QUIT']
    client.write(lines.map((line) => `${line}\r\n`).join(''))
    expect(await client.answered()).toBe('+OK\r\n+OK\r\n+OK\r\n$1\r\nc\r\n+OK\r\n<closed>')
  })

  it('come before those of what was sent while the client waited', async () => {
    const waiting = await RawRespClient.connect(port)
    const other = await RawRespClient.connect(port)
    const blocked = waiting.sendBytes('BLPOP list 0\r\nSET a 1\r\nINCR a\r\n')
    while (!engine.info('clients').includes('blocked_clients:1')) await other.send('PING')
    expect(await other.send('RPUSH', 'list', 'x')).toBe(':1\r\n')
    expect(await blocked).toBe('*2\r\n$4\r\nlist\r\n$1\r\nx\r\n+OK\r\n:2\r\n')
    for (const client of [waiting, other]) client.close()
  })

  it('come whole and to whom they belong when many ask at once for more than a socket takes', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawRespClient.connect(port)))
    const rounds = 30
    const replies = await Promise.all(
      clients.map((client, index) => {
        const name = String(index).padStart(2, '0')
        const value = name.repeat(20_000)
        client.write(`SET ${name} ${value}\r\n`)
        return client.sendBytes(`INCR n${name}\r\nGET ${name}\r\n`.repeat(rounds))
      }),
    )
    replies.forEach((reply, index) => {
      const value = String(index).padStart(2, '0').repeat(20_000)
      const expected = Array.from(
        { length: rounds },
        (_, round) => `:${round + 1}\r\n$${value.length}\r\n${value}\r\n`,
      )
      expect(reply === `+OK\r\n${expected.join('')}`, `client ${index}`).toBe(true)
    })
    for (const client of clients) client.close()
  })
})
