import { describe, expect, it } from 'vitest'
import { DirectiveError } from '../../../../src/engine/runtime-config/directive-line.ts'
import { RuntimeConfig } from '../../../../src/engine/runtime-config/runtime-config.ts'

const LIMITS = 'client-output-buffer-limit'

const create = (given: Readonly<Record<string, string>> = {}) =>
  new RuntimeConfig(Object.entries(given).map(([name, value]) => ({ name, words: [value] })))

function valueOf(given: Readonly<Record<string, string>>, name: string): string {
  return create(given).value(name)
}

describe('RuntimeConfig', () => {
  it.each([
    ['100', '100'],
    ['1k', '1000'],
    ['1KB', '1024'],
    ['2mb', '2097152'],
    ['1G', '1000000000'],
    ['1gb', '1073741824'],
  ])('reads maxmemory %s as %s', (text, bytes) => {
    expect(valueOf({ maxmemory: text }, 'maxmemory')).toBe(bytes)
  })

  it.each([
    [{ maxmemory: 'much' }, /maxmemory "much".*memory value/],
    [{ maxmemory: '-1' }, /memory value/],
    [{ databases: '0' }, /between 1 and/],
    [{ hz: '1.5' }, /integer/],
    [{ 'maxmemory-policy': 'any' }, /must be one of the following: volatile-lru/],
    [{ 'protected-mode': 'maybe' }, /'yes' or 'no'/],
    [{ nosuch: '1' }, /Bad directive.*'nosuch'/],
    [{ appendonly: 'maybe' }, /'yes' or 'no'/],
    [{ save: '900 x' }, /Invalid save parameters/],
    [{ daemonize: 'yes' }, /foreground/],
    [{ [LIMITS]: 'normal 1 2' }, /Wrong number of arguments/],
    [{ [LIMITS]: 'someone 1 2 3' }, /Invalid client class/],
    [{ [LIMITS]: 'normal 1 2 x' }, /Error in hard, soft or soft_seconds/],
  ])('refuses to start with %j', (given, message) => {
    expect(() => create(given)).toThrow(DirectiveError)
    expect(() => create(given)).toThrow(message)
  })

  it.each([
    ['0', '1'],
    ['500', '500'],
    ['501', '500'],
  ])('takes hz %s for %s', (given, hz) => {
    expect(valueOf({ hz: given }, 'hz')).toBe(hz)
  })

  it('keeps the output limits of classes that are not named', () => {
    expect(valueOf({ [LIMITS]: 'replica 1kb 0 5' }, LIMITS)).toBe(
      'normal 0 0 0 slave 1024 0 5 pubsub 33554432 8388608 60',
    )
  })

  it('changes all or nothing, and tells who listens afterwards', () => {
    const config = create()
    const heard: string[] = []
    config.onValue('maxmemory', (value) => heard.push(`${value} ${config.value('hz')}`))
    expect(
      config.set([
        ['maxmemory', '1mb'],
        ['hz', 'x'],
      ]),
    ).toMatch(/argument 'hz'/)
    expect(
      config.set([
        ['MaxMemory', '1mb'],
        ['hz', '20'],
      ]),
    ).toBeUndefined()
    expect(heard).toEqual(['0 10', '1048576 20'])
  })

  it('takes and tells old names for the same value', () => {
    const config = create({ 'hash-max-ziplist-entries': '7' })
    expect(config.integer('hash-max-listpack-entries')).toBe(7)
    expect(config.get(['hash-max-*-entries'])).toEqual([
      ['hash-max-listpack-entries', '7'],
      ['hash-max-ziplist-entries', '7'],
    ])
    const both = [
      ['slave-priority', '1'],
      ['replica-priority', '2'],
    ] as const
    expect(config.set(both)).toMatch(/argument 'replica-priority'.*duplicate parameter/)
  })

  it('tells hidden names only to who knows them', () => {
    const config = create()
    expect(config.get(['key-load-del*'])).toEqual([])
    expect(config.get(['key-load-delay'])).toEqual([['key-load-delay', '0']])
  })

  it.each([
    ['port', '99999', 'argument must be between 0 and 65535 inclusive'],
    ['repl-backlog-ttl', '-1', 'argument must be between 0 and 9223372036854775807 inclusive'],
    ['maxmemory-clients', '101%', 'percentage argument must be less or equal to 100'],
    ['maxmemory-clients', 'x', 'argument must be a memory or percent value'],
    ['notify-keyspace-events', 'Q', "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."],
    ['dir', '/nowhere/at/all', 'No such file or directory'],
    ['unixsocketperm', '700', "can't set immutable config"],
    [
      'shutdown-on-sigterm',
      'save nosave',
      "shutdown options SAVE and NOSAVE can't be used simultaneously",
    ],
    ['oom-score-adj-values', '1 2', 'wrong number of arguments'],
    [
      'latency-tracking-info-percentiles',
      '101',
      'latency-tracking-info-percentiles parameters should sit between [0.0,100.0]',
    ],
    ['dbfilename', 'a/b', "dbfilename can't be a path, just a filename"],
  ])('refuses %s %s', (name, value, reason) => {
    expect(create().set([[name, value]])).toBe(
      `ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`,
    )
  })

  it.each([
    ['notify-keyspace-events', 'Elg', 'glE'],
    ['notify-keyspace-events', 'KEg$lshzxetd', 'AKE'],
    ['shutdown-on-sigint', 'FORCE now', 'now force'],
    ['maxmemory-clients', '5%', '5%'],
    ['latency-tracking-info-percentiles', '50.50 100', '50.5 100'],
    ['oom-score-adj', 'relative', 'yes'],
  ])('tells %s %s as %s', (name, value, told) => {
    const config = create()
    expect(config.set([[name, value]])).toBeUndefined()
    expect(config.value(name)).toBe(told)
  })

  it('changes nothing that is protected, unless it may', () => {
    const access = { mayChangeProtected: false, isLoading: false }
    expect(create().set([['dbfilename', 'x.rdb']], access)).toMatch(/can't set protected config/)
  })

  it('takes back what could not be put into effect', () => {
    const config = create()
    const applied: string[] = []
    config.onApply('port', (port) => {
      applied.push(port)
      return port === '7001' ? 'Unable to listen on this port' : undefined
    })
    const error = config.set([
      ['hz', '50'],
      ['port', '7001'],
    ])
    expect(error).toMatch(/argument 'port'\) - Unable to listen/)
    expect([config.value('hz'), config.value('port')]).toEqual(['10', '6379'])
    expect(applied).toEqual(['7001', '6379'])
  })

  it('names what has no effect', () => {
    const config = create({ 'io-threads': '4', 'set-proc-title': 'yes' })
    expect(config.unusedDirectives.map(({ name }) => name)).toEqual(['io-threads'])
  })
})
