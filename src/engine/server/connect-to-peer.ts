import { readFileSync } from 'node:fs'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext } from 'node:tls'
import type { ConfigService } from '../execution/context.ts'
import { tlsOptions } from './tls-options.ts'

/** Opens a connection to another server of the same kind, as `bind-source-addr` and `tls-replication` say. */
export function connectToPeer(
  config: ConfigService,
  { host, port }: { readonly host: string; readonly port: number },
): Socket {
  const [sourceAddress = ''] = config.value('bind-source-addr').split(' ')
  const local = sourceAddress === '' ? {} : { localAddress: sourceAddress }
  if (config.value('tls-replication') !== 'yes') return connectTcp({ host, port, ...local })
  const { ca, cert, ciphers, key, maxVersion, minVersion, passphrase } = {
    ...tlsOptions(config),
    ...clientCertificate(config),
  }
  return connectTls({
    host,
    port,
    ...local,
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
