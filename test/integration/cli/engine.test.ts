import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { CliProcess } from '../../support/cli-process.ts'
import { findTool, requireToolInCi } from '../../support/tools.ts'

const execute = promisify(execFile)
/** pid:role dd Mon yyyy hh:mm:ss.mmm mark message */
const REDIS_LINE = /^\d+:M \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2}\.\d{3} [-*#] ./
const started: CliProcess[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((cli) => cli.stop()))
})

requireToolInCi('redis-cli')
const hasRedisCli = findTool('redis-cli') !== undefined

describe('gerbang engine', () => {
  it('logs where it listens as redis-server does and stops with 0 on SIGTERM', async () => {
    const cli = start('--port', '0')
    const lines = (await cli.printed(/Ready.*\n/)).trimEnd().split('\n')
    const pid = /^(\d+):/.exec(lines[0] ?? '')?.[1] ?? ''
    for (const line of lines) expect(line).toMatch(REDIS_LINE)
    expect(lines.map((line) => line.split(/[*#] /)[1])).toEqual([
      `Gerbang is starting, as Redis version=7.0.15, pid=${pid}`,
      expect.stringMatching(/^Running mode=standalone, port=\d+\.$/),
      `Server initialized, PID: ${pid}`,
      'Ready to accept connections',
    ])
    expect(await cli.stop('SIGTERM')).toBe(0)
    expect(cli.output).toMatch(/# Received SIGTERM scheduling shutdown\.\.\.\n/)
    expect(cli.output).toMatch(/# Redis is now ready to exit, bye bye\.\.\.\n$/)
    expect(cli.errors).toBe('')
  })

  it('logs JSON to standard error when it is told to', async () => {
    const cli = start('--log-format', 'json', '--port', '0')
    await cli.logged(/"msg":"Ready to accept connections"/)
    expect(cli.output).toBe('')
    const wrong = start('--log-format', 'xml')
    expect(await wrong.ended()).toBe(2)
    expect(wrong.errors).toContain('--log-format is redis or json')
  })

  it('appends to logfile, which lies in dir, and follows it when it was moved away', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gerbang-log-'))
    const path = join(folder, 'redis.log')
    writeFileSync(path, 'what was there\n')
    const cli = start('--port', '0', '--dir', folder, '--logfile', 'redis.log')
    await vi.waitFor(() => expect(readFileSync(path, 'utf8')).toContain('Ready to accept'), 10_000)
    expect(readFileSync(path, 'utf8')).toMatch(/^what was there\n\d+:M /)
    renameSync(path, join(folder, 'old.log'))
    await cli.stop('SIGTERM')
    expect(readFileSync(path, 'utf8')).toMatch(/^\d+:M .*Received SIGTERM/)
    expect(cli.output + cli.errors).toBe('')
    rmSync(folder, { recursive: true })
  })

  it.skipIf(!hasRedisCli)('logs what loglevel lets through, also after CONFIG SET', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gerbang-log-'))
    const redis = await redisCli('--port', '0', '--dir', folder, '--loglevel', 'notice')
    await redis('CONFIG', 'SET', 'loglevel', 'warning')
    await redis('SAVE')
    await redis('CONFIG', 'SET', 'loglevel', 'notice')
    await redis('SAVE')
    const cli = started.at(-1)
    await cli?.printed(/DB saved on disk/)
    expect(cli?.output.match(/DB saved on disk/g)).toHaveLength(1)
    rmSync(folder, { recursive: true })
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
    const name = ['--dbfilename', 'a-folder', '--enable-debug-command', 'yes']
    const args = ['--dir', folder, ...name, '--shutdown-on-sigterm', 'save']
    const redis = await redisCli('--port', '0', ...args)
    mkdirSync(join(folder, 'a-folder'))
    const cli = started.at(-1)
    cli?.signal('SIGTERM')
    await cli?.printed(/Errors trying to shut down the server/)
    expect(await redis('PING')).toBe('PONG')
    // Ctrl+C twice ends it without.
    await redis('DEBUG', 'PAUSE-CRON', '1')
    cli?.signal('SIGINT')
    await cli?.printed(/Received SIGINT scheduling shutdown/)
    expect(await cli?.stop('SIGINT')).toBe(1)
    expect(cli?.output).toContain('You insist... exiting now.')
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
  const line = await start(...args).printed(/Ready to accept connections\n/)
  const port = /port=(\d+)\./.exec(line)?.[1] ?? ''
  return async (...command: readonly string[]): Promise<string> => {
    const { stdout } = await execute('redis-cli', ['-p', port, ...command])
    return stdout.trim()
  }
}
