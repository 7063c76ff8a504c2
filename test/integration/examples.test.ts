import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/index.ts'
import { startEngineProcess } from '../support/start-engine-process.ts'
import { bearer, startWorld } from '../support/start-gateway.ts'

const execute = promisify(execFile)

const LINES_MAX = 60

describe('examples', () => {
  it('cached-query shows a miss, then a hit', async () => {
    const { url } = await startWorld({ cache: { rules: [] } })
    const lines = await run('cached-query', { GATEWAY: url, TOKEN: await token() })
    expect(lines).toEqual(['gerbang; fwd=miss; stored; ttl=30', 'gerbang; hit; ttl=30'])
  })

  it('session shows a cookie that works, and one that does no more', async () => {
    const { url } = await startWorld()
    const lines = await run('session', { GATEWAY: url, TOKEN: await token() })
    expect(lines.join('\n')).toBe(printedBy('session'))
  })

  it('raw-redis-client shows what the engine answers', async () => {
    const { cli, port } = await startEngineProcess()
    try {
      const lines = await run('raw-redis-client', { REDIS: `redis://127.0.0.1:${port}` })
      expect(lines.join('\n')).toBe(printedBy('raw-redis-client'))
    } finally {
      await cli.stop()
    }
  })

  it('test-database shows what a test sees', async () => {
    const lines = await run('test-database', {})
    expect(lines.join('\n')).toBe(printedBy('test-database'))
  })

  it('rate-limit-by-plan is a valid configuration', () => {
    const config = loadConfig({
      fileName: 'examples/rate-limit-by-plan/gerbang.yaml',
      environment: {},
      flags: new Map(),
      readFile: (path) => readFileSync(path, 'utf8'),
    })
    expect(config.rate_limit.rules.map(({ name }) => name)).toEqual([
      'free',
      'free-burst',
      'pro',
      'anonymous',
    ])
  })

  it('are short, each with a page', () => {
    const folders = readdirSync('examples', { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    )
    for (const { name } of folders) {
      const files = readdirSync(join('examples', name))
      expect(files, name).toContain('README.md')
      for (const file of files) {
        const text = readFileSync(join('examples', name, file), 'utf8')
        expect(text.split('\n').length, `${name}/${file}`).toBeLessThanOrEqual(LINES_MAX)
      }
    }
  })
})

async function token(): Promise<string> {
  return (await bearer('1')).replace('Bearer ', '')
}

async function run(
  name: string,
  environment: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const { PATH = '' } = process.env
  const file = join('examples', name, 'main.mjs')
  const { stdout } = await execute(process.execPath, [file], { env: { PATH, ...environment } })
  return stdout.trim().split('\n')
}

/** What the example's page says that it prints. */
function printedBy(name: string): string {
  const page = readFileSync(join('examples', name, 'README.md'), 'utf8')
  return /```\n([^`]*)\n```/.exec(page.replaceAll(/```sh\n[^`]*```/g, ''))?.[1] ?? ''
}
