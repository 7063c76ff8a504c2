import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ServerProcess, startEngine } from '../../conformance/server-process.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'

const TOOLS = ['redis-cli', 'redis-benchmark', 'redis-check-rdb'] as const
for (const tool of TOOLS) requireToolInCi(tool)
const hasTools = TOOLS.every((tool) => findTool(tool) !== undefined)

const execute = promisify(execFile)
/** redis-benchmark's default tests, and the line of headings. */
const DEFAULT_TESTS_LINES = 21

describe.skipIf(!hasTools)('the tools of Redis on an engine process', () => {
  let engine: ServerProcess
  let folder: string

  beforeAll(async () => {
    engine = await startEngine(['--repl-diskless-sync-delay', '0'])
    folder = mkdtempSync(join(tmpdir(), 'gerbang-tools-'))
    await cli('MSET', ...Array.from({ length: 100 }, (_, index) => [`key:${index}`, 'v']).flat())
  })
  afterAll(async () => {
    await engine?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function run(program: string, ...args: readonly string[]): Promise<string> {
    const { stdout, stderr } = await execute(program, ['-p', String(engine.port), ...args])
    return `${stdout}${stderr}`
  }

  const cli = (...args: readonly string[]): Promise<string> => run('redis-cli', ...args)

  /** Starts redis-cli, which does not end by itself: gives what it has printed once that matches, and ends it. */
  function watch(pattern: RegExp, ...args: readonly string[]): Promise<string> {
    // Line buffering, since it prints into a pipe.
    const words = ['-oL', 'redis-cli', '-p', String(engine.port), ...args]
    const child = spawn('stdbuf', words, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    return new Promise((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk: Buffer) => {
          output += chunk.toString('latin1')
          if (pattern.test(output)) child.kill()
        })
      }
      child.once('error', reject)
      child.once('close', () =>
        pattern.test(output) ? resolve(output) : reject(new Error(`no match in: ${output}`)),
      )
    })
  }

  /** What `end` gives, with `work` done again and again meanwhile; nothing of it is left running. */
  async function repeatUntil<T>(end: Promise<T>, work: () => Promise<unknown>): Promise<T> {
    let isOver = false
    const ended = end.finally(() => {
      isOver = true
    })
    const repeating = (async () => {
      while (!isOver) await work()
    })()
    const [result] = await Promise.all([ended, repeating])
    return result
  }

  it('redis-benchmark runs all of its default tests', async () => {
    const output = await run('redis-benchmark', '-n', '1000', '-c', '10', '--csv')
    expect(output.trim().split('\n')).toHaveLength(DEFAULT_TESTS_LINES)
    expect(output).not.toMatch(/error/i)
  })

  it('redis-benchmark runs a script', async () => {
    const script = 'return redis.call("incr",KEYS[1])'
    const words = ['-n', '500', '-r', '100', 'eval', script, '1', 'k:__rand_int__']
    expect(await run('redis-benchmark', ...words)).toContain('500 requests completed')
  })

  it('--hotkeys samples under an LFU policy, and says what is wrong without one', async () => {
    await expect(cli('--hotkeys')).rejects.toThrow(/An LFU maxmemory policy is not selected/)
    await cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lfu')
    expect(await cli('--hotkeys')).toMatch(/Sampled \d+ keys/)
    await cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
  })

  it.each([['--latency'], ['--latency-history'], ['--latency-dist']])(
    'answers %s',
    async (option) => {
      expect(await watch(/\d/, option, '-i', '1', '--raw')).toMatch(/\d/)
    },
  )

  it('--stat prints its line of figures, second by second', async () => {
    expect(await watch(/^\d+ .*\n\d+ /m, '--stat', '-i', '0.1')).toMatch(/requests/)
  })

  it('--rdb takes a snapshot that redis-check-rdb finds to be sound', async () => {
    const file = join(folder, 'taken.rdb')
    await cli('--rdb', file)
    const { stdout } = await execute('redis-check-rdb', [file])
    expect(stdout).toMatch(/RDB looks OK/)
    expect(stdout).toMatch(/\[info\] \d+ keys read/)
  })

  it('--replica shows the stream of effects', async () => {
    const watched = watch(/seen-by-replica/, '--replica')
    const write = () => cli('SET', 'seen-by-replica', '1')
    expect(await repeatUntil(watched, write)).toMatch(/seen-by-replica/)
  })

  it('MONITOR tells database, client and words, marks scripts, and hides passwords', async () => {
    const watched = watch(/"SET" "seen"[^]*"last"/, 'MONITOR')
    const script = 'return redis.call("get",KEYS[1])'
    const write = async (): Promise<void> => {
      await cli('-n', '3', 'SET', 'seen', 'a "b"')
      await cli('EVAL', script, '1', 'seen')
      await cli('AUTH', 'somebody', 'hunter2')
      await cli('ECHO', 'last')
    }
    const output = await repeatUntil(watched, write)
    expect(output).toMatch(/^\d+\.\d{6} \[3 127\.0\.0\.1:\d+\] "SET" "seen" "a \\"b\\""$/m)
    expect(output).toMatch(/^\d+\.\d{6} \[0 lua\] "get" "seen"$/m)
    expect(output).toMatch(/"AUTH" "\(redacted\)"/i)
    expect(output).not.toContain('hunter2')
  })

  it('commands come by standard input, and errors do not end them', async () => {
    const child = spawn('redis-cli', ['-p', String(engine.port)], { stdio: 'pipe' })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    child.stdin.end('SET x 1\nINCR x\nBOGUS\nGET x\n')
    await once(child, 'close')
    expect(output).toMatch(/^OK\n2\nERR unknown command 'BOGUS'.*\n\n2\n$/)
  })
})
