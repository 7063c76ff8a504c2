import { isIP } from 'node:net'

/** Where the database is: in this process, or behind a socket. */
export type StoreAddress = { readonly kind: 'embedded' } | RemoteAddress

export interface RemoteAddress {
  readonly kind: 'remote'
  readonly tls: boolean
  readonly host: string
  readonly port: number
  readonly username: string | undefined
  readonly password: string | undefined
  readonly database: number
}

const DEFAULT_PORT = 6379

/** `embedded:`, or `redis[s]://[[user]:password@]host[:port][/database]`; `undefined` for anything else. */
export function parseStoreUrl(text: string): StoreAddress | undefined {
  if (text === 'embedded:') return { kind: 'embedded' }
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  const tls = url.protocol === 'rediss:'
  if (!tls && url.protocol !== 'redis:') return undefined
  const [, database] = /^\/?(\d{0,9})$/.exec(url.pathname) ?? []
  const username = decodePart(url.username)
  const password = decodePart(url.password)
  const isWhole = url.search === '' && url.hash === '' && url.hostname !== ''
  if (!isWhole || database === undefined || username === undefined || password === undefined) {
    return undefined
  }
  return {
    kind: 'remote',
    tls,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    username: username === '' ? undefined : username,
    password: password === '' ? undefined : password,
    database: Number(database),
  }
}

/** Of ioredis' options. The certificate is to be of this host; an address is no name to ask for (RFC 6066). */
export function tlsOfAddress({ tls, host }: Pick<RemoteAddress, 'tls' | 'host'>): {
  readonly tls?: { readonly servername?: string }
} {
  if (!tls) return {}
  return { tls: isIP(host) > 0 ? {} : { servername: host } }
}

/** The address without its credentials: for logs, errors and statistics. */
export function nameOfAddress(address: RemoteAddress): string {
  const scheme = address.tls ? 'rediss' : 'redis'
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${scheme}://${host}:${address.port}/${address.database}`
}

function decodePart(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
