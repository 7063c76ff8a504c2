import { describe, expect, it } from 'vitest'
import { readConfiguration } from '../../../../src/engine/runtime-config/conf-file.ts'
import { RuntimeConfig } from '../../../../src/engine/runtime-config/runtime-config.ts'

const FILES: Readonly<Record<string, string>> = {
  'redis.conf': [
    '# a comment',
    '',
    'port 7000',
    'requirepass "two words"\r',
    'include other.conf',
    'include conf.d/*.conf',
    'maxmemory 1mb',
    'user alice on +@all',
    'rename-command DEBUG ""',
  ].join('\n'),
  'other.conf': "maxmemory 5mb\nsave ''\n",
  'bad.conf': 'port 1\nrequirepass "open\n',
  'loop.conf': 'include loop.conf\n',
  'module.conf': 'loadmodule x.so\n',
  'unknown.conf': '\nnosuch 1\n',
  'words.conf': 'port 1 2\n',
}

const read = (...argv: readonly string[]) =>
  readConfiguration(argv, {
    read: (path) => {
      const text = FILES[path]
      if (text === undefined) throw new Error('ENOENT: no such file or directory')
      return text
    },
    glob: () => [],
    standardInput: () => 'hz 50\n',
  })

const values = (...argv: readonly string[]) => {
  const config = new RuntimeConfig(read(...argv).directives)
  return (name: string) => config.value(name)
}

describe('readConfiguration', () => {
  it('reads a file with what it includes, and arguments above it', () => {
    const value = values('redis.conf', '--Port', '7001', '--bind', '127.0.0.1', '-::1')
    expect(value('port')).toBe('7001')
    expect(value('requirepass')).toBe('two words')
    expect(value('maxmemory')).toBe('1048576')
    expect(value('bind')).toBe('127.0.0.1 -::1')
  })

  it('takes bytes of a file for UTF-8, and keeps those of users as they are', () => {
    const { directives, users } = readConfiguration(['-', '--user', 'é', 'on'], {
      read: () => '',
      glob: () => [],
      standardInput: () => 'requirepass \xc3\xa9\nuser \xc3\xa9 >\xff\n',
    })
    expect(directives.map(({ words }) => words)).toEqual([['é']])
    expect(users.map(({ words }) => words)).toEqual([
      ['\xc3\xa9', '>\xff'],
      ['\xc3\xa9', 'on'],
    ])
  })

  it('keeps users and renamed commands apart', () => {
    const { users, renamedCommands, path } = read('redis.conf')
    expect(users.map(({ words }) => words)).toEqual([['alice', 'on', '+@all']])
    expect(renamedCommands.map(({ words }) => words)).toEqual([['DEBUG', '']])
    expect(path).toBe('redis.conf')
  })

  it('reads standard input for -', () => {
    expect(values('-', '--port', '1')('hz')).toBe('50')
  })

  it.each([
    [['--save', '--port', '1'], 'save', ''],
    [['--port', '1', '--save'], 'save', ''],
    [['--save', '', '--port', '1'], 'save', ''],
    [['--proc-title-template', '--save', '--save', ''], 'proc-title-template', '--save'],
    [['--proc-title-template', '--save', '--hz', '20'], 'hz', '20'],
    [['--maxmemory 700mb', '--hz', '20'], 'maxmemory', '734003200'],
    [["--maxmemory '700mb'", '--hz 20'], 'hz', '20'],
    [['--proc-title-template --my--title', '--hz 20'], 'proc-title-template', '--my--title'],
    [['redis.conf', 'loglevel', 'verbose', '--hz', '20'], 'loglevel', 'verbose'],
    [['--shutdown-on-sigint', 'nosave', 'force', 'now'], 'shutdown-on-sigint', 'nosave now force'],
    [['--shutdown-on-sigterm', 'nosave force'], 'shutdown-on-sigterm', 'nosave force'],
  ])('takes %j for %s "%s"', (argv, name, value) => {
    expect(values(...argv)(name)).toBe(value)
  })

  it.each([
    [['--port'], /'port'.*wrong number of arguments/],
    [['--port', '6379', '6380'], /'port "6379" "6380"'.*wrong number of arguments/],
    [['--port', '--loglevel', 'verbose'], /'port "--loglevel" "verbose"'.*wrong number/],
    [['--port', '--bla', '--loglevel', 'verbose'], /'port "--bla"'.*couldn't be parsed/],
    [['--loglevel', '--bla'], /'loglevel "--bla"'.*must be one of the following/],
    [['--replicaof', '--127.0.0.1', 'abc'], /'replicaof "--127.0.0.1" "abc"'.*Invalid master port/],
    [['--replicaof', '--127.0.0.1', '--abc'], /'replicaof "--127.0.0.1"'.*wrong number/],
  ])('refuses %j', (argv, message) => {
    expect(() => values(...argv)).toThrow(message)
  })

  it.each([
    [['bad.conf'], /bad\.conf, at line 2\n>>> 'requirepass "open'\nUnbalanced quotes/],
    [['loop.conf'], /include each other/],
    [['module.conf'], /modules .* cannot be loaded/],
    [['none.conf'], /can't open config file 'none\.conf': ENOENT/],
    [['unknown.conf'], /at line 2\n>>> 'nosuch 1'\nBad directive or wrong number of arguments/],
    [['words.conf'], /wrong number of arguments/],
  ])('refuses %j', (argv, message) => {
    expect(() => values(...argv)).toThrow(message)
  })
})
