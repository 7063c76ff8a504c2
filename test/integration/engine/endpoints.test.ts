import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CliProcess } from '../../support/cli-process.ts'
import { freePort } from '../../support/free-port.ts'
import { findTool, requireToolInCi } from '../../support/tools.ts'
import { waitUntil } from '../../support/wait-until.ts'

requireToolInCi('redis-cli')
requireToolInCi('openssl')
const canRun = findTool('redis-cli') !== undefined && findTool('openssl') !== undefined

const execute = promisify(execFile)
let directory: string
let cli: CliProcess | undefined

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gerbang-endpoints-'))
})

afterEach(async () => {
  await cli?.stop()
  rmSync(directory, { recursive: true, force: true })
})

async function start(...args: readonly string[]): Promise<void> {
  cli = new CliProcess(['engine', ...args, '--save', ''])
  await cli.printed(/Ready to accept connections/)
}

async function redisCli(...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await execute('redis-cli', [...args])
  return `${stdout}${stderr}`.trim()
}

const path = (name: string): string => join(directory, name)

function makeCertificates(): readonly string[] {
  const subject = ['-subj', '/CN=localhost', '-days', '2', '-nodes']
  const out = ['-keyout', path('key.pem'), '-out', path('cert.pem')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', ...out, ...subject], {
    stdio: 'ignore',
  })
  return ['--tls-cert-file', path('cert.pem'), '--tls-key-file', path('key.pem')]
}

describe.skipIf(!canRun)('where gerbang engine listens', () => {
  it('serves a socket of the file system alone, and takes it away', async () => {
    const socket = path('engine.sock')
    await start('--port', '0', '--unixsocket', socket, '--unixsocketperm', '700')
    expect(statSync(socket).mode & 0o777).toBe(0o700)
    expect(await redisCli('-s', socket, 'PING')).toBe('PONG')
    expect(await redisCli('-s', socket, 'CLIENT', 'LIST')).toContain(`addr=${socket}:0`)
    expect(await redisCli('-s', socket, 'SHUTDOWN')).toBe('')
    expect(await cli?.ended()).toBe(0)
    expect(statSync(socket, { throwIfNoEntry: false })).toBeUndefined()
  })

  it('stays where it listens when CONFIG SET names a port that is taken', async () => {
    const port = String(await freePort())
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    await start('--port', port)
    const takenPort = typeof address === 'object' && address !== null ? String(address.port) : ''
    const refused = await redisCli(
      '-p',
      port,
      'CONFIG',
      'SET',
      'maxmemory',
      '1mb',
      'port',
      takenPort,
    )
    expect(refused).toBe(
      "ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs.",
    )
    expect(await redisCli('-p', port, 'CONFIG', 'GET', 'port')).toBe(`port\n${port}`)
    expect(await redisCli('-p', port, 'CONFIG', 'GET', 'maxmemory')).toBe('maxmemory\n0')
    taken.close()
    expect(await redisCli('-p', port, 'CONFIG', 'SET', 'port', takenPort)).toBe('OK')
    await waitUntil(async () => (await redisCli('-p', port, 'PING').catch(() => '')) === '')
  })

  it('stays where it listens when CONFIG SET names an address the machine does not have', async () => {
    const port = String(await freePort())
    await start('--port', port)
    expect(await redisCli('-p', port, 'CONFIG', 'SET', 'bind', '192.0.2.1')).toBe(
      "ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to specified addresses.",
    )
    expect(await redisCli('-p', port, 'CONFIG', 'GET', 'bind')).toBe('bind\n* -::*')
    expect(await redisCli('-p', port, 'CONFIG', 'SET', 'bind', '127.0.0.1')).toBe('OK')
    expect(await redisCli('-p', port, 'PING')).toBe('PONG')
  })

  it('asks clients over TLS for a certificate, unless told not to', async () => {
    const port = String(await freePort())
    const files = makeCertificates()
    const trust = ['--tls', '--cacert', path('cert.pem'), '-p', port]
    const own = ['--cert', path('cert.pem'), '--key', path('key.pem')]
    await start('--port', '0', '--tls-port', port, ...files, '--tls-ca-cert-file', path('cert.pem'))
    expect(await redisCli(...trust, ...own, 'SET', 'k', 'v'.repeat(100_000))).toBe('OK')
    expect(await redisCli(...trust, ...own, 'STRLEN', 'k')).toBe('100000')
    await expect(redisCli(...trust, 'PING')).rejects.toThrow()
    expect(await redisCli('-p', port, 'PING').catch(() => 'refused')).not.toContain('PONG')
  })

  it('serves TLS without authorities when clients need no certificate', async () => {
    const port = String(await freePort())
    await start(
      '--tls-port',
      port,
      '--port',
      '0',
      ...makeCertificates(),
      '--tls-auth-clients',
      'no',
    )
    expect(await redisCli('--tls', '--insecure', '-p', port, 'PING')).toBe('PONG')
  })

  it('moves to another port when told to', async () => {
    const [first, second] = [String(await freePort()), String(await freePort())]
    await start('--port', first, '--bind', '127.0.0.1', '-::1')
    expect(await redisCli('-p', first, 'CONFIG', 'SET', 'port', second)).toBe('OK')
    expect(await redisCli('-p', second, 'PING')).toBe('PONG')
    await expect(redisCli('-p', first, 'PING')).rejects.toThrow()
  })

  it('rewrites its file, and runs with what it wrote', async () => {
    const port = String(await freePort())
    const conf = path('redis.conf')
    const pid = path('engine.pid')
    writeFileSync(conf, `# mine\nbind 127.0.0.1\nport ${port}\nmaxmemory 1mb\npidfile ${pid}\n`)
    await start(conf)
    expect(readFileSync(pid, 'utf8').trim()).toMatch(/^\d+$/)
    expect(await redisCli('-p', port, 'CONFIG', 'SET', 'maxmemory', '2mb', 'hz', '50')).toBe('OK')
    expect(await redisCli('-p', port, 'CONFIG', 'REWRITE')).toBe('OK')
    await cli?.stop()
    expect(statSync(pid, { throwIfNoEntry: false })).toBeUndefined()
    expect(readFileSync(conf, 'utf8')).toMatch(/^# mine\nbind 127\.0\.0\.1\n.*maxmemory 2mb\n/s)
    await start(conf)
    expect(await redisCli('-p', port, 'CONFIG', 'GET', 'hz')).toBe('hz\n50')
  })

  it('calls commands by the names it was told', async () => {
    const port = String(await freePort())
    const conf = path('redis.conf')
    writeFileSync(conf, `port ${port}\nrename-command DEBUG ""\nrename-command GET fetch\n`)
    await start(conf)
    expect(await redisCli('-p', port, 'DEBUG', 'SLEEP', '0')).toContain('unknown command')
    expect(await redisCli('-p', port, 'GET', 'k')).toContain('unknown command')
    expect(await redisCli('-p', port, 'FETCH', 'k')).toBe('')
  })
})
