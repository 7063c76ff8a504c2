import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { createAdmin } from '../../src/admin/index.ts'
import { loadConfig } from '../../src/config/index.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { silentLogger } from '../../src/shared/logger.ts'
import { EchoUpstream } from '../support/echo-upstream.ts'
import { freePort } from '../support/free-port.ts'
import { startGatewayTo } from '../support/start-gateway.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'

const execute = promisify(execFile)

requireToolInCi('docker-compose')
const hasCompose = findTool('docker-compose') !== undefined
const hasBash = findTool('bash') !== undefined

const composeFile = z.object({
  services: z.record(
    z.string(),
    z.object({
      environment: z.record(z.string(), z.string()).default({}),
      volumes: z.array(z.string()).default([]),
      healthcheck: z.object({ test: z.array(z.string()) }).optional(),
      depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
    }),
  ),
})
type Service = z.infer<typeof composeFile>['services'][string]

/** What the servers below read of Hasura's and Postgres' variables; ours are checked by loadConfig. */
const HASURA_VARIABLES = [
  'HASURA_GRAPHQL_DATABASE_URL',
  'HASURA_GRAPHQL_METADATA_DATABASE_URL',
  'HASURA_GRAPHQL_ADMIN_SECRET',
  'HASURA_GRAPHQL_JWT_SECRET',
  'HASURA_GRAPHQL_UNAUTHORIZED_ROLE',
  'HASURA_GRAPHQL_LOG_LEVEL',
  'HASURA_GRAPHQL_ENABLE_CONSOLE',
  'HASURA_GRAPHQL_ENABLE_TELEMETRY',
]

describe.skipIf(!hasCompose)('docker-compose.yml (docker-compose)', () => {
  let services: Readonly<Record<string, Service>>
  const service = (name: string): Service => {
    const found = services[name]
    if (found === undefined) throw new Error(`no service ${name}`)
    return found
  }

  beforeAll(async () => {
    services = composeFile.parse(parse(await resolved(['--env-file', '.env.example']))).services
  })

  it('is accepted, with the variables of .env.example', () => {
    expect(Object.keys(services).sort()).toEqual(['gateway', 'hasura', 'postgres', 'seed'])
  })

  it('says which variable is missing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gerbang-compose-'))
    const empty = join(folder, 'empty.env')
    writeFileSync(empty, '')
    await expect(resolved(['--env-file', empty])).rejects.toThrow('see .env.example')
    rmSync(folder, { recursive: true })
  })

  it('waits for services that tell of their health', () => {
    for (const { depends_on: needs } of Object.values(services)) {
      for (const [name, { condition }] of Object.entries(needs)) {
        expect(condition).toBe('service_healthy')
        expect(service(name).healthcheck, name).toBeDefined()
      }
    }
  })

  it('mounts only what exists in the repository', () => {
    for (const path of Object.values(services).flatMap(({ volumes }) => mountedFrom(volumes))) {
      expect(existsSync(path), path).toBe(true)
    }
  })

  it('gives the gateway a configuration that is valid', () => {
    const { environment, volumes } = service('gateway')
    const [file] = mountedFrom(volumes)
    expect(volumes).toEqual([
      `${file}:${environment['GERBANG_CONFIG']}:ro`,
      `gateway-data:${environment['GERBANG_DATA_DIR']}:rw`,
    ])
    const config = loadConfig({
      fileName: file,
      environment,
      flags: new Map(),
      readFile: (path) => readFileSync(path, 'utf8'),
    })
    expect(config.upstream.url).toBe('http://hasura:8080')
    expect(config.admin).toEqual({ host: '0.0.0.0', port: 8001 })
    expect(config.server.port).toBe(8000)
    expect(config.engine).toMatchObject({ persistence: 'aof+rdb', data_dir: '/var/lib/gerbang' })
  })

  it('sets only variables that the configuration knows', () => {
    const known = readFileSync('docs/CONFIG.md', 'utf8')
    for (const name of Object.keys(service('gateway').environment)) {
      expect(known, name).toContain(`\`${name}\``)
    }
    for (const name of Object.keys(service('hasura').environment)) {
      expect(HASURA_VARIABLES).toContain(name)
    }
  })

  it('lets the gateway and Hasura agree on who asks', () => {
    const [gateway, hasura] = [service('gateway'), service('hasura')]
    for (const name of ['ADMIN_SECRET', 'JWT_SECRET', 'UNAUTHORIZED_ROLE']) {
      const variable = `HASURA_GRAPHQL_${name}`
      expect(hasura.environment[variable]).toBe(gateway.environment[variable])
      expect(hasura.environment[variable]).toBeTruthy()
    }
  })

  it('sets every variable that the metadata names', () => {
    const named = filesUnder('hasura/metadata').flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/(?:from_env|_from_env): (\w+)/g)].map(
        ([, name = '']) => name,
      ),
    )
    expect(named).not.toEqual([])
    expect(Object.keys(service('hasura').environment)).toEqual(expect.arrayContaining(named))
  })

  it.skipIf(!hasBash)('finds Hasura healthy when it answers 200, and not otherwise', async () => {
    const upstream = new EchoUpstream()
    await upstream.start()
    const [, ...command] = service('hasura').healthcheck?.test ?? []
    const [program = '', ...args] = command.map((part) => part.replace('8080', `${upstream.port}`))
    try {
      await expect(execute(program, args)).resolves.toBeDefined()
      upstream.respond = (_request, response) => void response.writeHead(500).end('200')
      await expect(execute(program, args)).rejects.toThrow()
    } finally {
      await upstream.stop()
    }
    await expect(execute(program, args)).rejects.toThrow()
  })
})

describe('Dockerfile', () => {
  const lines = readFileSync('Dockerfile', 'utf8').split('\n')
  const copied = lines
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    .flatMap((line) => line.split(' ').slice(1, -1))

  it('copies what exists, and what .dockerignore lets through', () => {
    const ignore = readFileSync('.dockerignore', 'utf8').split('\n')
    expect(copied.length).toBeGreaterThan(5)
    for (const path of copied) {
      expect(existsSync(path), path).toBe(true)
      expect(ignore, path).toContain(`!${path.replace(/^\.\//, '').split('/')[0]}`)
    }
  })

  it('does not run as root', () => {
    expect(lines).toContain('USER node')
  })

  it('finds the gateway healthy while its admin listener answers', async () => {
    const upstream = new EchoUpstream()
    await upstream.start()
    const running = await startGatewayTo(upstream.url)
    const admin = createAdmin(
      { host: '127.0.0.1', port: await freePort(), secrets: [] },
      { ...running, clock: systemClock, log: silentLogger },
    )
    await admin.start()
    const { PATH = '' } = process.env
    const env = { PATH, GERBANG_ADMIN_HOST: '0.0.0.0', GERBANG_ADMIN_PORT: `${admin.address.port}` }
    const check = () => execute(process.execPath, ['scripts/healthcheck.mjs'], { env })
    await expect(check()).resolves.toBeDefined()
    await admin.stop()
    await expect(check()).rejects.toThrow()
    await running.stop()
    await upstream.stop()
  })
})

async function resolved(flags: readonly string[]): Promise<string> {
  const { PATH = '', HOME = '' } = process.env
  const { stdout } = await execute('docker-compose', [...flags, 'config'], { env: { PATH, HOME } })
  return stdout
}

/** The paths of this machine that are mounted; named volumes are none. */
function mountedFrom(volumes: readonly string[]): readonly string[] {
  return volumes.map((volume) => volume.split(':')[0] ?? '').filter((path) => path.startsWith('/'))
}

function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(folder, name))
}
