import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { type RunningDemo, type StartOptions, startDemo } from '../../src/demo/start.ts'
import { silentLogger } from '../../src/shared/logger.ts'
import { ADMIN_SECRET, JWT_KEY } from './gateway-options.ts'

export const DEMO_JWT_SECRET = JSON.stringify({ type: 'HS256', key: JWT_KEY })

const MAIN = resolve(join(import.meta.dirname, '../../src/demo/main.ts'))

/** A demo Hasura in this process, on a free port, with the secrets of the gateway under test. Takes 1-2 s. */
export async function startDemoServer(changes: Partial<StartOptions> = {}): Promise<RunningDemo> {
  return await startDemo({
    auth: { adminSecret: ADMIN_SECRET, jwtSecret: DEMO_JWT_SECRET, unauthorizedRole: undefined },
    log: silentLogger,
    ...changes,
  })
}

export interface SpawnedDemo {
  readonly url: string
  readonly pid: number
  /** Everything it wrote to standard error. */
  readonly errors: () => string
  /** SIGTERM; gives the exit code. */
  stop(): Promise<number | null>
}

/** The same in a process of its own, which does not take this one's turns. `npm run build` is not needed. */
export async function spawnDemoServer(
  environment: Readonly<Record<string, string>> = {},
): Promise<SpawnedDemo> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, '--port', '0'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      PATH,
      HOME,
      HASURA_GRAPHQL_ADMIN_SECRET: ADMIN_SECRET,
      HASURA_GRAPHQL_JWT_SECRET: DEMO_JWT_SECRET,
      ...environment,
    },
  })
  const exited = once(child, 'close')
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const [url] = /http:\S+/.exec(line) ?? []
    if (url === undefined || child.pid === undefined) continue
    child.stdout.resume()
    return {
      url,
      pid: child.pid,
      errors: () => errors,
      stop: async () => {
        if (child.exitCode === null) child.kill('SIGTERM')
        await exited
        return child.exitCode
      },
    }
  }
  throw new Error(`the demo server did not start: ${errors}`)
}
