import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../../src/engine/index.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import { silentLogger } from '../../../src/shared/logger.ts'
import { systemRandom } from '../../../src/shared/random.ts'

const USERS = 'user alice on nopass ~a* resetchannels -@all +get\n'

let folder: string
let path: string
let engine: Engine

function start(confFile?: string): Engine {
  return new Engine({
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    directives: confFile === undefined ? { dir: folder, aclfile: 'users.acl' } : { dir: folder },
    configuration: { path: confFile, directives: [], users: [], renamedCommands: [] },
  })
}

const call = (...argv: readonly string[]): string => String(engine.client().call(...argv))

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gerbang-acl-'))
  path = join(folder, 'users.acl')
  writeFileSync(path, USERS)
  engine = start()
})

afterEach(async () => {
  await engine.stop()
  rmSync(folder, { recursive: true })
})

describe('aclfile', () => {
  it('is read at the start, from dir', async () => {
    await engine.start()
    expect(call('ACL', 'USERS')).toBe('alice,default')
    expect(call('ACL', 'GETUSER', 'alice')).toContain('+get')
  })

  it.each([
    ['user alice nosuch', /users\.acl:1: Syntax error/],
    ['user alice\nuser alice', /Duplicate user 'alice' found on line 2/],
  ])('with %j keeps the engine from starting', async (text, reason) => {
    writeFileSync(path, text)
    await expect(engine.start()).rejects.toThrow(reason)
  })

  it('that is missing keeps the engine from starting', async () => {
    rmSync(path)
    await expect(engine.start()).rejects.toThrow(
      "Error loading ACLs, opening file 'users.acl': No such file or directory",
    )
  })

  it('is taken anew by ACL LOAD, or not at all', async () => {
    await engine.start()
    call('ACL', 'SETUSER', 'bob')
    writeFileSync(path, 'user carol on +@all ~*\nuser default on nopass\nuser dave nosuch\n')
    expect(call('ACL', 'LOAD')).toContain('no change to the previously active ACL rules')
    expect(call('ACL', 'USERS')).toBe('alice,bob,default')
    writeFileSync(path, 'user carol on +@all ~*\n')
    expect(call('ACL', 'LOAD')).toBe('OK')
    expect(call('ACL', 'USERS')).toBe('carol,default')
    expect(call('ACL', 'LIST')).toContain('user default on nopass ~* &* +@all')
  })

  it('is written by ACL SAVE and read again', async () => {
    await engine.start()
    chmodSync(path, 0o640)
    call('ACL', 'SETUSER', 'b\u00e9', 'on', '>secret', '~x', '(+set %W~y)')
    expect(call('ACL', 'SAVE')).toBe('OK')
    const text = readFileSync(path, 'utf8')
    expect(text).toContain('user b\u00e9 on #')
    expect(text).not.toContain('secret')
    expect(statSync(path).mode & 0o777).toBe(0o640)
    const before = call('ACL', 'LIST')
    expect(call('ACL', 'LOAD')).toBe('OK')
    expect(call('ACL', 'LIST')).toBe(before)
  })

  it('that cannot be written is no success', async () => {
    await engine.start()
    rmSync(path)
    mkdirSync(path)
    expect(call('ACL', 'SAVE')).toContain('There was an error trying to save the ACLs')
    expect(readdirSync(folder)).toEqual(['users.acl'])
  })
})

describe('CONFIG REWRITE', () => {
  it('writes users into redis.conf, which make the same users again', async () => {
    const confFile = join(folder, 'redis.conf')
    writeFileSync(confFile, 'user old on\nport 0\n')
    await engine.stop()
    engine = start(confFile)
    call('ACL', 'SETUSER', 'alice', 'on', '>secret', '~a', '+get')
    expect(call('CONFIG', 'REWRITE')).toBe('OK')
    const users = readFileSync(confFile, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('user '))
    expect(users).toHaveLength(2)
    expect(users.join('\n')).toBe(call('ACL', 'LIST').replace(',', '\n'))
  })
})
