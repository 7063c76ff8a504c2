import { beforeEach, describe, expect, it } from 'vitest'
import { Blocking, type BlockRequest } from '../../../../src/engine/execution/blocking.ts'
import { CLIENT_STATE } from '../../../../src/engine/execution/client.ts'
import { Keyspace } from '../../../../src/engine/keyspace/keyspace.ts'
import { ArgumentVector } from '../../../../src/engine/protocol/argument-vector.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import { recordingClient } from '../../../support/recording-client.ts'

const KEY = Buffer.from('k')

function argvOf(...parts: readonly string[]): ArgumentVector {
  const argv = new ArgumentVector()
  argv.load(parts)
  return argv
}

describe('Blocking', () => {
  let keyspace: Keyspace
  let blocking: Blocking
  /** Clients in the order they were tried. */
  let tried: number[]
  const waitForList: BlockRequest = { keys: [1], deadlineMs: 0, type: 'list', serve: () => true }

  beforeEach(() => {
    keyspace = new Keyspace({ databaseCount: 2, random: seededRandom(1) })
    blocking = new Blocking(keyspace)
    tried = []
  })

  function wait(id: number, request: Partial<BlockRequest> = {}, ...keys: readonly string[]) {
    const made = recordingClient(id)
    blocking.wait(made.client, argvOf('BLPOP', ...(keys.length > 0 ? keys : ['k'])), {
      ...waitForList,
      ...request,
    })
    return made
  }

  /** As the executor does, without a context: what is served is told by the request's own answer. */
  function serveReady(answers: (id: number) => boolean = () => true): void {
    blocking.serveReady((waiter) => {
      tried.push(waiter.client.id)
      return answers(waiter.client.id)
    })
  }

  function createKey(type: 'list' | 'zset', index = 0): void {
    keyspace.database(index).createPacked(KEY, 0, KEY.length, type, 7)
    blocking.keyReady(index, KEY, 0, KEY.length)
  }

  it('serves in the order they came, until one is not served', () => {
    const clients = [3, 1, 2].map((id) => wait(id))
    createKey('list')
    serveReady((id) => id !== 2)
    expect(tried).toEqual([3, 1, 2])
    expect(clients.map(({ output }) => output.releases)).toEqual([1, 1, 0])
    expect(blocking.count).toBe(1)
  })

  it('asks nobody any more once the key is gone', () => {
    for (const id of [1, 2, 3]) wait(id)
    createKey('list')
    serveReady((id) => {
      if (id === 1) keyspace.database(0).delete(KEY, 0, KEY.length)
      return true
    })
    expect(tried).toEqual([1])
  })

  it('waits on while the key holds another type', () => {
    wait(1)
    createKey('zset')
    serveReady()
    expect(tried).toEqual([])
    expect(blocking.count).toBe(1)
  })

  it('tells of a key that went who asked for it', () => {
    const { output } = wait(1, { lost: () => true })
    wait(2)
    blocking.keyReady(0, KEY, 0, KEY.length)
    serveReady()
    expect(tried).toEqual([1])
    expect(output.releases).toBe(1)
  })

  it('serves in the next round what serving made ready', () => {
    wait(1)
    wait(2, {}, 'other')
    createKey('list')
    serveReady((id) => {
      if (id === 1) {
        const other = Buffer.from('other')
        keyspace.database(0).createPacked(other, 0, other.length, 'list', 7)
        blocking.keyReady(0, other, 0, other.length)
      }
      return true
    })
    expect(tried).toEqual([1, 2])
  })

  it('waits in its own database only', () => {
    wait(1)
    createKey('list', 1)
    serveReady()
    expect(tried).toEqual([])
    keyspace.swap(0, 1)
    blocking.databaseReady(0)
    serveReady()
    expect(tried).toEqual([1])
  })

  it('lets go of all keys, all memory and the deadline when served', () => {
    const { client } = wait(1, { keys: [1, 2, 3], deadlineMs: 5 }, 'k', 'l', 'k')
    expect([blocking.keyCount, blocking.deadlineCount]).toEqual([2, 1])
    expect(client.is(CLIENT_STATE.blocked)).toBe(true)
    createKey('list')
    serveReady()
    expect(client.is(CLIENT_STATE.blocked)).toBe(false)
    expect([blocking.keyCount, blocking.deadlineCount, blocking.memory.bytes]).toEqual([0, 0, 0])
  })

  it('says when the first key is waited for and the last one is not', () => {
    const told: boolean[] = []
    blocking.onWaiting((isWaiting) => told.push(isWaiting))
    const { client } = wait(1, { keys: [1, 2] }, 'k', 'l')
    wait(2)
    blocking.forget(client)
    expect(told).toEqual([true])
    blocking.unblock(wait(3).client)
    expect(told).toEqual([true])
  })

  it('answers null at the deadline and not before', () => {
    const { output } = wait(1, { deadlineMs: 100 })
    blocking.giveUp(99)
    expect(output.received).toEqual([])
    blocking.giveUp(100)
    expect(output.received).toEqual(['*-1\r\n'])
    expect(output.releases).toBe(1)
  })

  it('gives up on those whose time is over, soonest first, and says what comes next', () => {
    const next: number[] = []
    blocking.onNextDeadline((deadlineMs) => next.push(deadlineMs))
    for (const deadlineMs of [300, 100, 200, 0]) wait(deadlineMs, { deadlineMs })
    expect(next).toEqual([300, 100])
    blocking.giveUp(250)
    expect(blocking.count).toBe(2)
    expect(blocking.nextDeadlineMs).toBe(300)
  })

  it('unblocks with the answer of a timeout, or with an error', () => {
    const first = wait(1)
    const second = wait(2)
    const errors: string[] = []
    blocking.onLateError((_argv, text) => errors.push(text))
    expect(blocking.unblock(first.client)).toBe(true)
    expect(blocking.unblock(second.client, 'UNBLOCKED enough')).toBe(true)
    expect(errors).toEqual(['UNBLOCKED enough'])
    expect(first.output.received).toEqual(['*-1\r\n'])
    expect(second.output.received).toEqual(['-UNBLOCKED enough\r\n'])
    expect(blocking.unblock(first.client)).toBe(false)
  })

  it('answers a wait for something else than a key', () => {
    const { client, output } = recordingClient()
    blocking.waitFor(client, argvOf('WAIT', '1', '0'), {
      deadlineMs: 50,
      timedOut: (reply) => reply.integer(0),
    })
    blocking.giveUp(50)
    expect(output.received).toEqual([':0\r\n'])
  })
})
