import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../../src/gateway/errors.ts'
import type { UpstreamOptions } from '../../../../src/gateway/options.ts'
import { mayHaveArrived, toUpstreamError } from '../../../../src/gateway/upstream/upstream-error.ts'

const options: UpstreamOptions = {
  url: 'http://hasura.internal:8080',
  adminSecret: undefined,
  connections: 1,
  connectTimeoutMs: 5_000,
  headersTimeoutMs: 60_000,
  bodyTimeoutMs: 30_000,
  responseBytesMax: 1_000,
  queueMax: 0,
}
const failure = (code: string): Error =>
  Object.assign(new Error(`hasura.internal ${code}`), { code })

describe('a failure of the upstream', () => {
  it.each([
    ['ECONNREFUSED', 'upstream-unreachable', 'the upstream cannot be reached'],
    ['ENOTFOUND', 'upstream-unreachable', 'the upstream cannot be reached'],
    ['UND_ERR_CONNECT_TIMEOUT', 'upstream-unreachable', 'within 5000 ms'],
    ['ECONNRESET', 'upstream-unreachable', 'closed the connection'],
    ['UND_ERR_SOCKET', 'upstream-unreachable', 'closed the connection'],
    ['UND_ERR_HEADERS_TIMEOUT', 'timeout', 'did not answer within 60000 ms'],
    ['UND_ERR_BODY_TIMEOUT', 'timeout', 'for 30000 ms'],
    ['HPE_INVALID_CONSTANT', 'upstream-invalid-response', 'valid HTTP'],
  ])('%s becomes %s, in words that do not name the address', (code, told, words) => {
    const error = toUpstreamError(failure(code), options)
    expect(error.code).toBe(told)
    expect(error.message).toContain(words)
    expect(error.message).not.toContain('hasura.internal')
    expect(error.cause).toBeDefined()
  })

  it('of every address of a name is that of the first', () => {
    const error = new AggregateError([failure('ECONNREFUSED'), failure('EHOSTUNREACH')])
    expect(toUpstreamError(error, options).message).toBe('the upstream cannot be reached')
  })
})

describe('a request that failed', () => {
  it.each([
    ['ECONNREFUSED', false],
    ['UND_ERR_CONNECT_TIMEOUT', false],
    ['ECONNRESET', true],
    ['UND_ERR_HEADERS_TIMEOUT', true],
    ['HPE_INVALID_CONSTANT', true],
  ])('with %s may have been executed: %s', (code, expected) => {
    expect(mayHaveArrived(toUpstreamError(failure(code), options))).toBe(expected)
  })

  it('may not when it never left the queue', () => {
    expect(mayHaveArrived(new GatewayError('upstream-overloaded', 'busy'))).toBe(false)
  })
})
