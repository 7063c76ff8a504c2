import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { send } from '../../support/ask.ts'
import { CliProcess } from '../../support/cli-process.ts'
import { freePort } from '../../support/free-port.ts'
import { findTool, requireToolInCi } from '../../support/tools.ts'

const execute = promisify(execFile)

/** The first start of the demo builds its database. */
const START_TIMEOUT_MS = 150_000
const ANY_PORTS = ['--port', '0', '--admin-port', '0', '--hasura-port', '0', '--redis-port', '0']

requireToolInCi('curl')
const canRun = findTool('curl') !== undefined && findTool('bash') !== undefined

/** What each comment of the guide promises, and what the command behind it must therefore print. */
const PROMISES: readonly (readonly [says: RegExp, check: (answer: Answer) => void])[] = [
  [
    /^A miss/,
    ({ status, cacheStatus }) => {
      expect(status).toBe(200)
      expect(cacheStatus).toMatch(/^gerbang; fwd=miss; stored/)
    },
  ],
  [
    /^A hit/,
    ({ status, cacheStatus }) => {
      expect(status).toBe(200)
      expect(cacheStatus).toMatch(/^gerbang; hit/)
    },
  ],
  [
    /adds one to the stock/,
    ({ body }) => {
      expect(JSON.parse(body)).toEqual({ data: { update_products_by_pk: { id: 1, stock: 32 } } })
    },
  ],
  [
    /^Log in: 201/,
    ({ status, head }) => {
      expect(status).toBe(201)
      expect(head).toMatch(/^set-cookie: .*HttpOnly/im)
    },
  ],
  [
    /^Answered for the cookie: 200/,
    ({ status, body }) => {
      expect(status).toBe(200)
      expect(body).toContain('"user_id":1')
    },
  ],
  [/^Log out: 204/, ({ status }) => expect(status).toBe(204)],
  [/worth nothing now/, ({ body }) => expect(JSON.parse(body)).toHaveProperty('errors')],
  [
    /^How many of 130/,
    ({ text }) => {
      const [, passed, refused] = /^\s*(\d+) 200\n\s*(\d+) 429\n$/.exec(text) ?? []
      expect(Number(passed) + Number(refused)).toBe(130)
      expect(Number(refused)).toBeGreaterThanOrEqual(10)
    },
  ],
  [
    /^Refused with 429/,
    ({ status, head }) => {
      expect(status).toBe(429)
      expect(head).toMatch(/^retry-after: \d+/im)
    },
  ],
  [/^Alan is not affected: 200/, ({ status }) => expect(status).toBe(200)],
  [
    /^Statistics in JSON: 200/,
    ({ status, body }) => {
      expect(status).toBe(200)
      expect(JSON.parse(body)).toHaveProperty('requests')
    },
  ],
]

describe.skipIf(!canRun)('gerbang demo (curl)', () => {
  const demo = new CliProcess(['demo', ...ANY_PORTS])
  let guide: Guide

  beforeAll(async () => {
    guide = readGuide(await demo.printed(/Ctrl-C stops everything/))
  }, START_TIMEOUT_MS)
  afterAll(() => demo.stop(), START_TIMEOUT_MS)

  it('prints commands that do what the comments in front of them say', async () => {
    const bodies = new Map<string, string>()
    expect(guide.tries.length).toBeGreaterThan(12)
    for (const { says, command } of guide.tries) {
      const answer = await runInShell(guide.setUp, command)
      const check = PROMISES.find(([pattern]) => pattern.test(says))?.[1]
      expect(check, `a promise for "${says}"`).toBeDefined()
      expect(() => check?.(answer), `${says}\n${command}\n${answer.text}`).not.toThrow()
      bodies.set(says, answer.body)
    }
    expect(bodies.get('A hit for Barbara, out of the answer to Alan.')).toBe(
      bodies.get('A hit: the same bytes, without Hasura.'),
    )
    expect(bodies.get('A miss for Barbara: other rows.')).toContain('"user_id":2')
    expect(bodies.get('A hit for Alan: his own rows again.')).toBe(bodies.get('A miss for Alan.'))
    expect(bodies.get('A miss for Alan, with the new stock.')).toContain('"stock":32')
  }, 120_000)

  it('stops everything in order with 0 on Ctrl-C, and says nothing was wrong', async () => {
    expect(await demo.stop('SIGINT')).toBe(0)
    expect(demo.errors).toBe('')
  }, 30_000)
})

describe('gerbang demo, told its ports', () => {
  it(
    'listens there, and leaves no process behind when it is killed in the middle of a statement',
    async () => {
      const [port, adminPort, hasuraPort] = [await freePort(), await freePort(), await freePort()]
      const ports = `--port ${port} --admin-port ${adminPort} --hasura-port ${hasuraPort}`
      const environment = { HASURA_GRAPHQL_ADMIN_SECRET: 'secret' }
      const demo = new CliProcess(['demo', ...ports.split(' ')], environment)
      await demo.printed(/Ctrl-C stops everything/)
      const hasura = `http://127.0.0.1:${hasuraPort}`
      const { text } = await send(hasura, '/healthz')
      const versions = await Promise.all(
        [hasura, `http://127.0.0.1:${port}`].map(async (url) => await send(url, '/v1/version')),
      )
      expect(text).toBe('OK')
      expect(versions[1]?.text).toBe(versions[0]?.text)
      expect((await send(`http://127.0.0.1:${adminPort}`, '/healthz')).status).toBe(200)

      const sql = 'SELECT count(*) FROM generate_series(1, 1000000000000)'
      const endless = send(hasura, '/v2/query', {
        method: 'POST',
        headers: { 'x-hasura-admin-secret': 'secret' },
        body: JSON.stringify({ type: 'run_sql', args: { sql, read_only: true } }),
      })
      const cutOff = expect(endless).rejects.toThrow()
      // The statement runs when nothing else is answered any more.
      await expect.poll(() => isAnswering(`${hasura}/healthz`)).toBe(false)
      // Resolves once both processes have let go of standard error.
      expect(await demo.stop('SIGKILL')).toBeUndefined()
      await cutOff
      await expect(send(hasura, '/healthz')).rejects.toThrow('ECONNREFUSED')
    },
    START_TIMEOUT_MS,
  )

  it(
    'says which flag to change when a port is taken',
    async () => {
      const taken = createServer().listen(0, '127.0.0.1')
      await once(taken, 'listening')
      const { port } = taken.address() as AddressInfo
      const ports = `--port 0 --admin-port 0 --hasura-port ${port}`
      const demo = new CliProcess(['demo', ...ports.split(' ')])
      expect(await demo.ended()).toBe(1)
      expect(demo.errors).toContain('choose another with --hasura-port')
      taken.close()
    },
    START_TIMEOUT_MS,
  )
})

async function isAnswering(url: string): Promise<boolean> {
  return await fetch(url, { signal: AbortSignal.timeout(200) }).then(
    ({ ok }) => ok,
    () => false,
  )
}

interface Guide {
  readonly setUp: string
  readonly tries: readonly { readonly says: string; readonly command: string }[]
}

interface Answer {
  readonly text: string
  readonly status: number
  readonly head: string
  readonly cacheStatus: string
  readonly body: string
}

/** The indented lines: exports to paste first, then comments with a command behind each. */
function readGuide(text: string): Guide {
  const lines = text.split('\n').filter((line) => line.startsWith('  '))
  const shell = lines.map((line) => line.slice(2))
  const setUp = shell.filter((line) => line.startsWith('export ')).join('\n')
  const tries = shell.flatMap((line, index) =>
    line.startsWith('# ') ? [{ says: line.slice(2), command: shell[index + 1] ?? '' }] : [],
  )
  return { setUp, tries }
}

async function runInShell(setUp: string, command: string): Promise<Answer> {
  const { stdout: text } = await execute('bash', ['-c', `${setUp}\n${command}`])
  const [head = '', body = ''] = text.split('\r\n\r\n', 2)
  return {
    text,
    head,
    body,
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]),
    cacheStatus: /^cache-status: (.*?)\r?$/im.exec(head)?.[1] ?? '',
  }
}
