import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConnectionOptions, SecureVersion, TlsOptions } from 'node:tls'
import type { ConfigService } from '../execution/context.ts'

const VERSIONS: readonly SecureVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']
/** Redis allows 1.2 and 1.3 unless told otherwise. */
const DEFAULT_PROTOCOLS = 'TLSv1.2 TLSv1.3'

/** Directives whose change makes a new secure context. */
export const TLS_DIRECTIVES = [
  'tls-cert-file',
  'tls-key-file',
  'tls-key-file-pass',
  'tls-ca-cert-file',
  'tls-ca-cert-dir',
  'tls-dh-params-file',
  'tls-protocols',
  'tls-ciphers',
  'tls-ciphersuites',
  'tls-prefer-server-ciphers',
  'tls-session-caching',
  'tls-session-cache-timeout',
] as const

/**
 * The secure context that the directives mean, read from their files now; what is wrong with them is told by the
 * one error it throws (tls.c, tlsConfigure).
 */
export function tlsOptions(config: ConfigService): TlsOptions {
  const certFile = required(config, 'tls-cert-file')
  const keyFile = required(config, 'tls-key-file')
  const ca = authorities(config)
  const clients = config.value('tls-auth-clients')
  if (ca.length === 0 && clients !== 'no') {
    throw new Error('Either tls-ca-cert-file or tls-ca-cert-dir must be specified!')
  }
  const versions = protocols(config.value('tls-protocols'))
  const passphrase = config.value('tls-key-file-pass')
  const ciphers = cipherList(config)
  return {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    ...(passphrase === '' ? {} : { passphrase }),
    ...(ca.length === 0 ? {} : { ca }),
    ...dhParameters(config.value('tls-dh-params-file')),
    requestCert: clients !== 'no',
    rejectUnauthorized: clients === 'yes',
    ...versions,
    ...(ciphers === '' ? {} : { ciphers }),
    honorCipherOrder: config.value('tls-prefer-server-ciphers') === 'yes',
    sessionTimeout: config.integer('tls-session-cache-timeout'),
  }
}

/**
 * The same as a client. Who names no authority trusts those that Node.js does, whose certificates are worth nothing
 * without the name in them; who names one trusts whatever it has signed, as Redis does, under whatever name it runs.
 */
export function clientTlsOptions(config: ConfigService): ConnectionOptions {
  const ca = authorities(config)
  const ciphers = cipherList(config)
  return {
    ...clientCertificate(config),
    ...(ca.length === 0 ? {} : { ca, checkServerIdentity: () => undefined }),
    ...protocols(config.value('tls-protocols')),
    ...(ciphers === '' ? {} : { ciphers }),
    rejectUnauthorized: true,
  }
}

/** What this server shows as a client, if it is something else than as a server; nothing if it has neither. */
function clientCertificate(config: ConfigService): ConnectionOptions {
  const own = ['tls-client-cert-file', 'tls-client-key-file', 'tls-client-key-file-pass'] as const
  const served = ['tls-cert-file', 'tls-key-file', 'tls-key-file-pass'] as const
  for (const [cert, key, password] of [own, served]) {
    if (config.value(cert) === '' || config.value(key) === '') continue
    const passphrase = config.value(password)
    return {
      cert: readFileSync(config.value(cert)),
      key: readFileSync(config.value(key)),
      ...(passphrase === '' ? {} : { passphrase }),
    }
  }
  return {}
}

function required(config: ConfigService, name: string): string {
  const path = config.value(name)
  if (path === '') throw new Error(`No ${name} configured!`)
  return path
}

function authorities(config: ConfigService): Buffer[] {
  const file = config.value('tls-ca-cert-file')
  const directory = config.value('tls-ca-cert-dir')
  const files = directory === '' ? [] : readdirSync(directory).map((name) => join(directory, name))
  return [...(file === '' ? [] : [file]), ...files].map((path) => readFileSync(path))
}

/** A range of versions: what lies between two that are named is taken, too. */
function protocols(value: string): Pick<TlsOptions, 'minVersion' | 'maxVersion'> {
  const words = (value === '' ? DEFAULT_PROTOCOLS : value).toLowerCase().split(/\s+/)
  const named = VERSIONS.filter((version) => words.includes(version.toLowerCase()))
  const [minVersion] = named
  const maxVersion = named.at(-1)
  if (minVersion === undefined || maxVersion === undefined || named.length !== words.length) {
    throw new Error('Invalid tls-protocols specified. Use a combination of TLSv1.2 and TLSv1.3.')
  }
  return { minVersion, maxVersion }
}

/** Node takes the suites of TLS 1.3 and the ciphers before it in one list. */
function cipherList(config: ConfigService): string {
  return [config.value('tls-ciphersuites'), config.value('tls-ciphers')]
    .filter((list) => list !== '')
    .join(':')
}

function dhParameters(path: string): Pick<TlsOptions, 'dhparam'> {
  return path === '' ? {} : { dhparam: readFileSync(path) }
}
