import { describe, expect, it } from 'vitest'
import { Handshake, type HandshakeOptions } from '../../../../src/engine/replication/handshake.ts'

const ID = 'a1'.repeat(20)

function talk(
  answers: readonly string[],
  options: Partial<HandshakeOptions> = {},
): {
  readonly sent: readonly string[]
  readonly notes: readonly string[]
  readonly result: ReturnType<Handshake['receive']>
} {
  const sent: string[] = []
  const notes: string[] = []
  const handshake = new Handshake(
    {
      credentials: undefined,
      port: 6_380,
      address: '',
      known: undefined,
      isFailover: false,
      ...options,
    },
    {
      send: (parts) => void sent.push(parts.join(' ')),
      tell: (note) => void notes.push(note),
    },
  )
  handshake.begin()
  let result: ReturnType<Handshake['receive']>
  for (const answer of answers) result = handshake.receive(answer)
  return { sent, notes, result }
}

describe('Handshake', () => {
  it('asks for a copy when there is nothing to go on from', () => {
    const { sent, result } = talk(['+PONG', '+OK', '+OK'])
    expect(sent).toEqual([
      'PING',
      'REPLCONF listening-port 6380',
      'REPLCONF capa eof capa psync2',
      'PSYNC ? -1',
    ])
    expect(result).toBeUndefined()
  })

  it('asks for the next byte of what it has', () => {
    const { sent } = talk(['+PONG', '+OK', '+OK'], { known: { id: ID, nextOffset: 52 } })
    expect(sent.at(-1)).toBe(`PSYNC ${ID} 52`)
  })

  it('asks a replica to take over', () => {
    const { sent } = talk(['+PONG', '+OK', '+OK'], {
      known: { id: ID, nextOffset: 1 },
      isFailover: true,
    })
    expect(sent.at(-1)).toBe(`PSYNC ${ID} 1 FAILOVER`)
  })

  it.each([
    ['', 'AUTH secret'],
    ['alice', 'AUTH alice secret'],
  ])('says who it is (user "%s")', (user, expected) => {
    const { sent } = talk(['-NOAUTH Authentication required.'], {
      credentials: { user, password: 'secret' },
      address: '10.0.0.9',
    })
    expect(sent).toContain(expected)
    expect(sent).toContain('REPLCONF ip-address 10.0.0.9')
  })

  it('gives up when the password is wrong, and takes its time with settings that are not known', () => {
    const credentials = { user: '', password: 'x' }
    const wrong = talk(['-NOAUTH', '-WRONGPASS'], { credentials })
    expect(wrong.result).toMatchObject({ kind: 'failed' })
    const old = talk(['+PONG', '-ERR Unrecognized REPLCONF option', '-ERR'])
    expect(old.sent.at(-1)).toBe('PSYNC ? -1')
    expect(old.notes).toContain('(Non critical) Master does not understand REPLCONF capa: -ERR')
  })

  it('gives up when PING is answered with another error', () => {
    expect(talk(['-ERR max number of clients reached']).result).toMatchObject({ kind: 'failed' })
  })

  it.each([
    [`+FULLRESYNC ${ID} 1234`, { kind: 'copy', id: ID, offset: 1_234 }],
    [`+CONTINUE ${ID}`, { kind: 'continue', id: ID }],
    ['+CONTINUE', { kind: 'continue', id: undefined }],
    ['-LOADING Redis is loading', { kind: 'refused', isTransient: true }],
    ["-NOMASTERLINK Can't SYNC", { kind: 'refused', isTransient: true }],
    ["-ERR unknown command 'PSYNC'", { kind: 'refused', isTransient: false }],
    ['$5', { kind: 'refused', isTransient: false }],
    [`+FULLRESYNC ${ID.slice(1)} 1`, { kind: 'failed' }],
    [`+FULLRESYNC ${ID} 99999999999999999999`, { kind: 'failed' }],
    ['+FULLRESYNC', { kind: 'failed' }],
  ])('takes "%s" for what it is', (line, expected) => {
    const known = { id: ID, nextOffset: 1 }
    expect(talk(['+PONG', '+OK', '+OK', line], { known }).result).toMatchObject(expected)
  })

  it('goes on with nothing that it has not asked to go on with', () => {
    expect(talk(['+PONG', '+OK', '+OK', `+CONTINUE ${ID}`]).result).toMatchObject({
      kind: 'refused',
      isTransient: false,
    })
  })

  it('waits on when an empty line says that the primary is there', () => {
    const copy = `+FULLRESYNC ${ID} 1`
    expect(talk(['+PONG', '+OK', '+OK', '', '', copy]).result).toMatchObject({ kind: 'copy' })
  })
})
