import { parseArgs } from 'node:util'
import { destination, pino } from 'pino'
import { endWithParent } from './end-with-parent.ts'
import { startDemo } from './start.ts'

/** A process of its own, started by `gerbang demo`: what it is told comes by arguments and environment. */
const { env } = process
const STANDARD_ERROR = 2

const log = pino({ level: 'warn', base: null }, destination({ dest: STANDARD_ERROR, sync: true }))

// Before anything that takes time: whoever started this process may be gone already.
const told = new Promise<void>((resolve) => {
  process.once('SIGTERM', () => resolve())
  process.once('SIGINT', () => resolve())
  process.stdin.once('close', () => resolve())
  process.stdin.once('error', () => resolve())
  process.stdin.resume()
})

endWithParent()

try {
  // For people only: whoever reads the errors of a process wants to find none.
  if (process.stderr.isTTY) {
    process.stderr.write('Starting the demo Hasura; the first time its database is built …\n')
  }
  const starting = startDemo({
    port: readPort(),
    auth: {
      adminSecret: setting('HASURA_GRAPHQL_ADMIN_SECRET'),
      jwtSecret: setting('HASURA_GRAPHQL_JWT_SECRET'),
      unauthorizedRole: setting('HASURA_GRAPHQL_UNAUTHORIZED_ROLE'),
    },
    environment: env,
    log,
  })
  const demo = await Promise.race([starting, told])
  if (demo !== undefined) {
    process.stdout.write(`demo Hasura listens at ${demo.url}\n`)
    await told
    await demo.stop()
  }
  // Told to stop while starting: nothing is worth waiting for.
  process.exit(0)
} catch (error) {
  process.stderr.write(`demo Hasura: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}

function readPort(): number {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '8080' } } })
  const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : Number.NaN
  if (port <= 65_535) return port
  throw new Error(`--port: expected an integer from 0 to 65535, got "${values.port}"`)
}

/** Empty means absent, as everywhere in Hasura's environment. */
function setting(name: string): string | undefined {
  return env[name] || undefined
}
