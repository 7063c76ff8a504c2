import { connect as connectTcp, isIP, type Socket, type TcpNetConnectOpts } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ConfigService } from '../execution/context.ts'
import { clientTlsOptions } from './tls-options.ts'

export interface PeerAddress {
  readonly host: string
  readonly port: number
}

/** Opens a connection to a primary, as `bind-source-addr` and `tls-replication` say. */
export function connectToPrimary(config: ConfigService, { host, port }: PeerAddress): Socket {
  const [sourceAddress = ''] = config.value('bind-source-addr').split(' ')
  const local = sourceAddress === '' ? {} : { localAddress: sourceAddress }
  return connectToPeer(config, { host, port, ...local }, config.value('tls-replication') === 'yes')
}

/** Opens a connection to the target of MIGRATE, as `tls-cluster` says. Throws when there is no such address. */
export function connectToTarget(config: ConfigService, { host, port }: PeerAddress): Socket {
  // Node.js takes the empty name for this machine's; to Redis it is none.
  if (host === '') throw new RangeError('no host is named')
  return connectToPeer(config, { host, port }, config.value('tls-cluster') === 'yes')
}

function connectToPeer(config: ConfigService, to: TcpNetConnectOpts, isEncrypted: boolean): Socket {
  if (!isEncrypted) return connectTcp(to)
  // An address is no name to ask for (RFC 6066).
  const asked = to.host === undefined || isIP(to.host) > 0 ? {} : { servername: to.host }
  return connectTls({ ...to, ...asked, ...clientTlsOptions(config) })
}
