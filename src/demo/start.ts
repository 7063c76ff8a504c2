import { fileURLToPath } from 'node:url'
import { systemClock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'
import { Backend } from './backend.ts'
import { openDatabase } from './database.ts'
import { readMetadataDirectory } from './metadata-directory.ts'
import { DemoServer, type DemoServerOptions } from './server.ts'

export interface StartOptions extends Partial<DemoServerOptions> {
  readonly auth: DemoServerOptions['auth']
  /** Where the dump of the first start is kept; a folder of the package by default. */
  readonly cacheDir?: string | undefined
  readonly log: Logger
}

export interface RunningDemo {
  readonly url: string
  readonly backend: Backend
  stop(): Promise<void>
}

/** The same from src/ and from dist/. */
const HASURA_FOLDER = new URL('../../hasura/', import.meta.url)

const DEFAULTS = {
  host: '127.0.0.1',
  port: 0,
  environment: {},
  // Hasura's own defaults.
  pollIntervalMs: 1_000,
  eventsIntervalMs: 1_000,
} as const

/** Opens the database, builds it when there is no dump of it, and serves it. */
export async function startDemo(options: StartOptions): Promise<RunningDemo> {
  const { cacheDir, log, ...serverOptions } = options
  const database = await openDatabase({
    migrationsDir: folder('migrations/default'),
    seedsDir: folder('seeds/default'),
    cacheDir,
    log,
  })
  try {
    const metadata = readMetadataDirectory(folder('metadata'))
    const backend = await Backend.open({ database, metadata, log })
    const server = new DemoServer(
      { ...DEFAULTS, ...serverOptions },
      { backend, clock: systemClock, log },
    )
    await server.start()
    return {
      url: server.url,
      backend,
      stop: async () => {
        await server.stop()
        await database.close()
      },
    }
  } catch (error) {
    await database.close()
    throw error
  }
}

function folder(path: string): string {
  return fileURLToPath(new URL(path, HASURA_FOLDER))
}
