import { describe, expect, it } from 'vitest'
import { explainListenError } from '../../../src/app/explain-listen-error.ts'

const failing = (error: Error) => ({
  name: 'gateway',
  start: () => Promise.reject(error),
  stop: () => Promise.resolve(),
})

describe('explainListenError', () => {
  it('names the option, the flag and the variable of a port in use', async () => {
    const inUse = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' })
    const part = explainListenError(failing(inUse), 'server.port', 8000)
    await expect(part.start()).rejects.toThrow(
      'server.port: port 8000 is in use; choose another with --port or GERBANG_PORT',
    )
  })

  it('leaves other failures as they are', async () => {
    const other = new Error('no room')
    await expect(explainListenError(failing(other), 'admin.port', 1).start()).rejects.toBe(other)
  })
})
