import { invariant } from '../../shared/assert.ts'
import { ArgumentVector } from './argument-vector.ts'
import { RequestParser } from './request-parser.ts'

const NO_LIMITS = { bulkBytesMax: Number.MAX_SAFE_INTEGER, isAuthenticated: true }

/** The arguments of one command as CommandEncoder writes it, in bytes of their own. */
export function decodeCommand(bytes: Uint8Array, start: number, end: number): readonly Buffer[] {
  const argv = new ArgumentVector()
  const result = new RequestParser(argv).parse(bytes, start, end, NO_LIMITS)
  invariant(result === 'command', 'one whole command')
  return Array.from({ length: argv.count }, (_, index) => Buffer.from(argv.view(index)))
}
