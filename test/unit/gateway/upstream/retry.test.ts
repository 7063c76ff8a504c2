import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../../src/gateway/errors.ts'
import { retriedOnce } from '../../../../src/gateway/upstream/retry.ts'

const answer = { status: 200, headers: {}, body: Buffer.alloc(0) }
const failure = (code: string): GatewayError =>
  new GatewayError('upstream-unreachable', 'gone', {
    cause: Object.assign(new Error('gone'), { code }),
  })

async function attemptsAfter(...failures: readonly GatewayError[]): Promise<number> {
  let attempts = 0
  const send = async () => {
    const error = failures[attempts]
    attempts += 1
    if (error !== undefined) throw error
    return answer
  }
  await retriedOnce(send).catch(() => undefined)
  return attempts
}

describe('retriedOnce', () => {
  it.each(['ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET', 'EPIPE'])(
    'sends a query again after %s',
    async (code) => expect(await attemptsAfter(failure(code))).toBe(2),
  )

  it.each(['UND_ERR_HEADERS_TIMEOUT', 'HPE_INVALID_CONSTANT'])('does not after %s', async (code) =>
    expect(await attemptsAfter(failure(code))).toBe(1),
  )

  it('sends it at most twice', async () => {
    const down = failure('ECONNREFUSED')
    expect(await attemptsAfter(down, down, down)).toBe(2)
  })
})
