import { readFileSync } from 'node:fs'
import { connect as connectTcp, type Socket, type TcpNetConnectOpts } from 'node:net'
import { connect as connectTls, createSecureContext } from 'node:tls'
import type { ConfigService } from '../execution/context.ts'
import { tlsOptions } from './tls-options.ts'

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
  const { ca, cert, ciphers, key, maxVersion, minVersion, passphrase } = {
    ...tlsOptions(config),
    ...clientCertificate(config),
  }
  return connectTls({
    ...to,
    secureContext: createSecureContext({
      ca,
      cert,
      ciphers,
      key,
      maxVersion,
      minVersion,
      passphrase,
    }),
    // As Redis: a peer shows a certificate that one of ours has signed, under whatever name it runs.
    rejectUnauthorized: true,
    checkServerIdentity: () => undefined,
  })
}

/** What this server shows as a client, when it is something else. */
function clientCertificate(config: ConfigService): {
  readonly cert?: Buffer
  readonly key?: Buffer
  readonly passphrase?: string
} {
  const certFile = config.value('tls-client-cert-file')
  const keyFile = config.value('tls-client-key-file')
  if (certFile === '' || keyFile === '') return {}
  return {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    passphrase: config.value('tls-client-key-file-pass'),
  }
}
