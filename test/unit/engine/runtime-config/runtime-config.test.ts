import { describe, expect, it } from 'vitest'
import {
  DirectiveError,
  RuntimeConfig,
} from '../../../../src/engine/runtime-config/runtime-config.ts'
import { parseServerArguments } from '../../../../src/engine/runtime-config/server-arguments.ts'

const LIMITS = 'client-output-buffer-limit'

const create = (given: Readonly<Record<string, string>> = {}) =>
  new RuntimeConfig(new Map(Object.entries(given)))

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
    [{ appendonly: 'yes' }, /appendonly "yes".*nothing is written to disk/],
    [{ save: '900 1' }, /nothing is written to disk/],
    [{ daemonize: 'yes' }, /foreground/],
    [{ [LIMITS]: 'normal 1 2' }, /Wrong number of arguments/],
    [{ [LIMITS]: 'someone 1 2 3' }, /Invalid client class/],
    [{ [LIMITS]: 'normal 1 2 x' }, /Error in hard, soft or soft_seconds/],
  ])('refuses to start with %j', (given, message) => {
    expect(() => create(given)).toThrow(DirectiveError)
    expect(() => create(given)).toThrow(message)
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

  it('does not promise to write to disk later either', () => {
    expect(create().set([['appendonly', 'yes']])).toMatch(/nothing is written to disk/)
    expect(create().set([['save', '']])).toBeUndefined()
  })
})

describe('parseServerArguments', () => {
  const files: Readonly<Record<string, string>> = {
    'redis.conf':
      '# a comment\n\nport 7000\nrequirepass "two words"\r\ninclude other.conf\nmaxmemory 1mb\n',
    'other.conf': "maxmemory 5mb\nsave ''\n",
    'bad.conf': 'port 1\nrequirepass "open\n',
    'loop.conf': 'include loop.conf\n',
  }
  const parse = (...argv: readonly string[]) =>
    Object.fromEntries(parseServerArguments(argv, (path) => files[path] ?? ''))

  it('reads a file with what it includes, and arguments above it', () => {
    expect(
      parse('redis.conf', '--Port', '7001', '--save', '', '--bind', '127.0.0.1', '-::1'),
    ).toEqual({
      port: '7001',
      requirepass: 'two words',
      maxmemory: '1mb',
      save: '',
      bind: '127.0.0.1 -::1',
    })
  })

  it.each([
    [['bad.conf'], /bad\.conf:2/],
    [['loop.conf'], /include each other/],
    [['redis.conf', 'port', '1'], /a directive starts with --/],
  ])('refuses %j', (argv, message) => {
    expect(() => parse(...argv)).toThrow(message)
  })
})
