import { describe, expect, it } from 'vitest'
import { ArgumentVector } from '../../../../src/engine/protocol/argument-vector.ts'
import { decodeCommand } from '../../../../src/engine/protocol/command-decoder.ts'
import { CommandEncoder, encodeCommand } from '../../../../src/engine/protocol/command-encoder.ts'

function text(encoder: CommandEncoder): string {
  return encoder.bytes.toString('latin1', 0, encoder.length)
}

describe('CommandEncoder', () => {
  it.each([0, 9, 10, 24, 25, 99, 100, 9_999, 10_000, 1_234_567])(
    'spells a length of %i',
    (length) => {
      const encoded = encodeCommand([Buffer.alloc(length, 'x')]).toString('latin1')
      expect(encoded).toBe(`*1\r\n$${length}\r\n${'x'.repeat(length)}\r\n`)
    },
  )

  it('words what was received in its own way, however it came', () => {
    const argv = new ArgumentVector()
    argv.load(['SET', 'key', 'v'.repeat(100)])
    const encoder = new CommandEncoder()
    encoder.received(argv)
    expect(text(encoder)).toBe(`*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$100\r\n${'v'.repeat(100)}\r\n`)
  })

  it('appends a part of bytes that are encoded already', () => {
    const ping = encodeCommand(['PING'])
    const encoder = new CommandEncoder()
    encoder.encoded(Buffer.concat([Buffer.from('??'), ping, ping]), 2, 2 + ping.length)
    encoder.encoded(ping, 0, ping.length)
    expect(text(encoder)).toBe(`${ping.toString()}${ping.toString()}`)
  })

  it('is undone by decodeCommand', () => {
    const parts = ['SET', 'é', 12_345, Buffer.from([0, 13, 10, 255]), 'x'.repeat(1_000)]
    const encoded = encodeCommand(parts)
    const bytes = Buffer.concat([Buffer.from('before'), encoded, Buffer.from('behind')])
    expect(decodeCommand(bytes, 6, 6 + encoded.length)).toEqual(
      parts.map((part) => (typeof part === 'object' ? part : Buffer.from(String(part)))),
    )
  })
})
