import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { Engine } from '../../../../src/engine/index.ts'

const VALUES = 60
const VALUE_BYTES = 100_000

describe('a copy for a replica', () => {
  it('goes on where the kernel takes each piece at once', async () => {
    const engine = new Engine()
    await engine.start()
    const { port } = await engine.listen({ host: '127.0.0.1', port: 0 })
    const client = engine.client()
    for (let index = 0; index < VALUES; index += 1) {
      client.set(`key:${index}`, randomBytes(VALUE_BYTES))
    }
    const { announced, received } = await takeCopy(port)
    expect(announced).toBeGreaterThan(VALUES * VALUE_BYTES)
    // A PING may come right behind it.
    expect(received).toBeGreaterThanOrEqual(announced)
    await engine.stop()
  })
})

/** The length that SYNC announces, and the bytes that come. */
async function takeCopy(
  port: number,
): Promise<{ readonly announced: number; readonly received: number }> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write('SYNC\r\n')
  let announced = Number.NaN
  let received = 0
  for await (const chunk of socket) {
    let bytes: Buffer = chunk
    const header = Number.isNaN(announced) ? /^\n*\$(\d+)\r\n/.exec(bytes.toString('latin1')) : null
    if (header !== null) {
      announced = Number(header[1])
      bytes = bytes.subarray(header[0].length)
    }
    if (!Number.isNaN(announced)) received += bytes.length
    if (received >= announced) break
  }
  socket.destroy()
  return { announced, received }
}
