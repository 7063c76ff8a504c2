import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { CliProcess } from '../../support/cli-process.ts'
import { findTool, requireToolInCi } from '../../support/tools.ts'

const execute = promisify(execFile)
const started: CliProcess[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((cli) => cli.stop()))
})

requireToolInCi('redis-cli')
const hasRedisCli = findTool('redis-cli') !== undefined

describe('gerbang engine', () => {
  it('prints where it listens and stops with 0 on SIGTERM', async () => {
    const cli = start('--port', '0')
    expect(await cli.printed(/Ready.*\n/)).toMatch(
      /^Server initialized, PID: \d+\nReady to accept connections on port \d+\n$/,
    )
    expect(await cli.stop('SIGTERM')).toBe(0)
  })

  it.skipIf(!hasRedisCli)('serves redis-cli', async () => {
    const redis = await redisCli('--port', '0', '--maxmemory', '100mb')
    expect(await redis('SET', 'greeting', 'hello', 'EX', '100')).toBe('OK')
    expect(await redis('GET', 'greeting')).toBe('hello')
    expect(Number(await redis('TTL', 'greeting'))).toBeGreaterThan(95)
    expect(await redis('CONFIG', 'GET', 'maxmemory')).toBe('maxmemory\n104857600')
    expect(await redis('CONFIG', 'SET', 'maxmemory', '50mb')).toBe('OK')
    expect(await redis('INFO', 'memory')).toContain('maxmemory_human:50.00M')
    expect(await redis('INFO', 'server')).toContain('redis_version:7.0.15')
    expect(await redis('-3', 'MEMORY', 'STATS')).toMatch(/^keys\.count 1$/m)
    expect(Number(await redis('MEMORY', 'USAGE', 'greeting'))).toBeGreaterThan(20)
    expect(await redis('INCR', 'greeting')).toContain('ERR value is not an integer')
    expect(await redis('NOSUCH')).toContain("ERR unknown command 'NOSUCH'")
    expect(await redis('--scan')).toBe('greeting')
  })

  it.skipIf(!hasRedisCli)('wants the password it was given', async () => {
    const redis = await redisCli('--port', '0', '--requirepass', 'hunter2')
    expect(await redis('PING')).toContain('NOAUTH')
    expect(await redis('-a', 'hunter2', '--no-auth-warning', 'PING')).toBe('PONG')
  })

  it.skipIf(!hasRedisCli).each([
    ['default', 'SIGTERM', false],
    ['save', 'SIGTERM', true],
    ['save', 'SIGINT', true],
    ['nosave', 'SIGTERM', false],
  ] as const)('with shutdown-on-… %s saves at %s: %s', async (how, signal, isSaved) => {
    const folder = mkdtempSync(join(tmpdir(), 'gerbang-signal-'))
    const directive = `--shutdown-on-${signal.toLowerCase()}`
    const redis = await redisCli('--port', '0', '--dir', folder, directive, how)
    await redis('SET', 'key', 'value')
    expect(await started.at(-1)?.stop(signal)).toBe(0)
    expect(existsSync(join(folder, 'dump.rdb'))).toBe(isSaved)
    rmSync(folder, { recursive: true })
  })

  it.skipIf(!hasRedisCli)('goes on when a signal asks for a save that fails', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gerbang-signal-'))
    const args = ['--dir', folder, '--dbfilename', 'a-folder', '--shutdown-on-sigterm', 'save']
    const redis = await redisCli('--port', '0', ...args)
    mkdirSync(join(folder, 'a-folder'))
    const cli = started.at(-1)
    cli?.signal('SIGTERM')
    await cli?.logged(/the engine goes on/)
    expect(await redis('PING')).toBe('PONG')
    expect(await cli?.stop('SIGTERM')).toBe(1)
    rmSync(folder, { recursive: true })
  })

  it('prints why the data could not be loaded, and ends with 1', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gerbang-damaged-'))
    writeFileSync(join(folder, 'appendonly.aof'), 'nonsense\r\n')
    const cli = start('--port', '0', '--dir', folder, '--appendonly', 'yes')
    expect(await cli.ended()).toBe(1)
    expect(cli.output).toMatch(/Bad file format reading the append only file appendonly\.aof/)
    rmSync(folder, { recursive: true })
  })

  it('starts with the sample file', async () => {
    const cli = start('config/engine.conf', '--port', '0')
    await cli.printed(/Ready to accept connections/)
  })

  it.each([
    [['--maxmemory', 'much'], /maxmemory.*memory value/],
    [['--maxmemroy', '1mb'], /maxmemroy/],
    [['none.conf'], /none\.conf/],
    [['--appendonly', 'maybe'], /appendonly.*'yes' or 'no'/],
  ])('refuses %j', async (args, message) => {
    const cli = start(...args)
    expect(await cli.ended()).not.toBe(0)
    expect(cli.errors).toMatch(message)
  })
})

function start(...args: readonly string[]): CliProcess {
  const cli = new CliProcess(['engine', ...args, '--save', ''])
  started.push(cli)
  return cli
}

async function redisCli(...args: readonly string[]) {
  const line = await start(...args).printed(/connections on port .*\n/)
  const port = /port (\d+)\n/.exec(line)?.[1] ?? ''
  return async (...command: readonly string[]): Promise<string> => {
    const { stdout } = await execute('redis-cli', ['-p', port, ...command])
    return stdout.trim()
  }
}
