import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const FOR_TWO_DAYS = [
  '-days',
  '2',
  '-nodes',
  '-newkey',
  'ec',
  '-pkeyopt',
  'ec_paramgen_curve:P-256',
]

export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** Signs certificates of this machine; all are files of `folder`. Needs openssl. */
export class TestAuthority {
  readonly cert: string
  readonly #key: string
  readonly #folder: string

  constructor(folder: string, name: string) {
    this.#folder = folder
    this.cert = join(folder, `${name}.pem`)
    this.#key = join(folder, `${name}.key`)
    const out = ['-keyout', this.#key, '-out', this.cert]
    request([...out, '-subj', `/CN=${name}`])
  }

  /** For 127.0.0.1 and localhost. */
  sign(name: string): Certificate {
    const cert = join(this.#folder, `${name}.pem`)
    const key = join(this.#folder, `${name}.key`)
    const signer = ['-CA', this.cert, '-CAkey', this.#key]
    const names = ['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
    const end = ['-addext', 'basicConstraints=CA:FALSE']
    request(['-keyout', key, '-out', cert, '-subj', `/CN=${name}`, ...signer, ...names, ...end])
    return { cert, key }
  }
}

function request(args: readonly string[]): void {
  execFileSync('openssl', ['req', '-x509', ...FOR_TWO_DAYS, ...args], { stdio: 'ignore' })
}
