import { Redis } from 'ioredis'
import type { RemoteAddress } from './store-url.ts'

/** From the one that is named to the one it follows. */
const HOPS_MAX = 2

/**
 * The server at `address`, or the one that it follows, if that says it is a primary; `undefined` when neither does, or
 * neither can be asked within `timeoutMs`.
 */
export async function findPrimary(
  address: RemoteAddress,
  timeoutMs: number,
): Promise<RemoteAddress | undefined> {
  let asked: RemoteAddress | undefined = address
  for (let hop = 0; hop < HOPS_MAX && asked !== undefined; hop += 1) {
    const role = await askRole(asked, timeoutMs)
    if (role === 'primary') return asked
    asked = role && { ...asked, ...role }
  }
  return undefined
}

/** What it says of itself, or whom it follows. */
async function askRole(
  { tls, host, port, username, password }: RemoteAddress,
  timeoutMs: number,
): Promise<'primary' | Pick<RemoteAddress, 'host' | 'port'> | undefined> {
  const redis = new Redis({
    host,
    port,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: { servername: host } } : {}),
    lazyConnect: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  // What goes wrong is told by the promises as well.
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    const reply = await redis.call('ROLE')
    if (!Array.isArray(reply)) return undefined
    if (reply[0] === 'master') return 'primary'
    return { host: String(reply[1]), port: Number(reply[2]) }
  } catch {
    return undefined
  } finally {
    redis.disconnect()
  }
}
