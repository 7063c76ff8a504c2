import { Redis, type RedisOptions } from 'ioredis'
import { silentLogger } from '../../src/shared/logger.ts'
import { RemoteStore } from '../../src/store/index.ts'

/** A store behind a socket of loopback, as patient as a test on a busy machine must be. Yours to start and stop. */
export function openRemoteStore(
  port: number,
  createClient: (options: RedisOptions) => Redis = (options) => new Redis(options),
): RemoteStore {
  return new RemoteStore({
    address: {
      kind: 'remote',
      tls: false,
      host: '127.0.0.1',
      port,
      username: undefined,
      password: undefined,
      database: 0,
    },
    connectTimeoutMs: 60_000,
    commandTimeoutMs: 60_000,
    commandsMax: 100_000,
    log: silentLogger,
    createClient,
  })
}
