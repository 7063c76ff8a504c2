import { beforeEach, describe, expect, it } from 'vitest'
import { Acl } from '../../../../src/engine/acl/acl.ts'
import { COMMANDS } from '../../../../src/engine/commands/table.ts'
import { CLIENT_STATE } from '../../../../src/engine/execution/client.ts'
import { ClientRegistry } from '../../../../src/engine/execution/client-registry.ts'
import { CommandTable } from '../../../../src/engine/execution/command-table.ts'
import { Engine } from '../../../../src/engine/index.ts'
import { RuntimeConfig } from '../../../../src/engine/runtime-config/runtime-config.ts'
import { silentLogger } from '../../../../src/shared/logger.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import { CommandDriver } from '../../../support/command-driver.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

let driver: CommandDriver

beforeEach(() => {
  driver = new CommandDriver()
})

/** The entries of ACL LOG without what tells of the client. */
const log = (): readonly string[] => {
  const entries = driver.run('ACL LOG')
  const rows = Array.isArray(entries) ? entries : []
  return rows.map((entry) => {
    const values = Array.isArray(entry) ? entry.filter((_value, index) => index % 2 === 1) : []
    return values.slice(0, 5).join(' ')
  })
}

describe('a caller in this process', () => {
  it('is nobody and may do everything, whatever the default user may', () => {
    driver.run('ACL SETUSER default off resetpass -@all')
    expect(driver.run('ACL WHOAMI')).toBeNull()
    expect(driver.run('SET a 1')).toBe('OK')
  })

  it('may log in, and out with RESET', () => {
    driver.run('ACL SETUSER alice on >pw +acl|whoami +reset')
    expect(driver.run('AUTH alice no')).toMatch(/^WRONGPASS/)
    expect(driver.run('AUTH alice pw')).toBe('OK')
    expect(driver.run('ACL WHOAMI')).toBe('alice')
    expect(driver.run('SET a 1')).toMatch(/^NOPERM/)
    driver.run('RESET')
    expect(driver.run('SET a 1')).toBe('OK')
  })

  it('is asked to log in when its user is gone', () => {
    driver.run('ACL SETUSER alice on nopass +@all')
    driver.run('ACL SETUSER default >secret')
    driver.run('AUTH alice x')
    driver.run('ACL DELUSER alice')
    expect(driver.run('ACL WHOAMI')).toBe('NOAUTH Authentication required.')
  })
})

describe('the primary that is followed', () => {
  it('is nobody, whatever the default user may', () => {
    const config = new RuntimeConfig([])
    const clients = new ClientRegistry()
    const acl = new Acl({
      commands: new CommandTable(COMMANDS).originals,
      clients,
      config,
      log: silentLogger,
      nowMs: () => 0,
      describeClient: () => '',
    })
    const primary = clients.add({ address: '', nowMs: 0, isEmbedded: false, isTrusted: true })
    const other = clients.add({ address: '', nowMs: 0, isEmbedded: false })
    acl.setUser('default', ['resetpass', '>secret', '-@all'], other)
    expect([primary.state, primary.user]).toEqual([0, undefined])
    // Who was let in without a password stays in.
    expect(other.state).toBe(CLIENT_STATE.restricted)
    const late = clients.add({ address: '', nowMs: 0, isEmbedded: false })
    expect(late.state).toBe(CLIENT_STATE.restricted | CLIENT_STATE.unauthenticated)
    acl.setUser('default', ['nopass'], other)
    expect([other.state, late.state]).toEqual([CLIENT_STATE.restricted, CLIENT_STATE.restricted])
    acl.setUser('default', ['+@all'], other)
    expect([other.state, late.state]).toEqual([0, 0])
  })
})

describe('ACL LOG', () => {
  it('tells of commands, keys and channels, at the top, in MULTI and in scripts', () => {
    driver.run(
      'ACL SETUSER alice on nopass ~a &a +get +publish +multi +exec +eval +acl|log +acl|setuser',
    )
    driver.run('AUTH alice x')
    driver.run('SET a 1')
    driver.run('GET b')
    driver.run('PUBLISH b x')
    driver.run('MULTI')
    driver.run('GET c')
    driver.run('EXEC')
    driver.call('EVAL', 'return redis.pcall("SET", "a", "1")', '0')
    driver.run('MULTI')
    driver.run('ACL SETUSER alice -get')
    driver.run('GET a')
    driver.run('EXEC')
    expect(log()).toEqual([
      '1 command multi get alice',
      '1 command lua set alice',
      '1 key multi c alice',
      '1 channel toplevel b alice',
      '1 key toplevel b alice',
      '1 command toplevel set alice',
    ])
    driver.run('RESET')
    expect(driver.run('INFO stats')).toMatch(
      /acl_access_denied_auth:0\r\nacl_access_denied_cmd:3\r\nacl_access_denied_key:2\r\nacl_access_denied_channel:1\r\n/,
    )
  })

  it('tells who tried to log in, and with which command', () => {
    driver.run('AUTH nobody x')
    driver.run('hello 3 AUTH nobody x')
    driver.run('AUTH nobody x')
    expect(log()).toEqual(['2 auth toplevel AUTH nobody', '1 auth toplevel hello nobody'])
  })

  it('tells of the client as CLIENT LIST does', () => {
    driver.run('ACL SETUSER alice on nopass +acl')
    driver.run('AUTH alice x')
    driver.run('SET a 1')
    expect(JSON.stringify(driver.run('ACL LOG 1'))).toMatch(
      /"client-info","id=\d+ .* cmd=set user=alice /,
    )
  })

  it('keeps as many as acllog-max-len says from the next one on', () => {
    for (const user of ['a', 'b', 'c']) driver.run(`AUTH ${user} x`)
    driver.run('CONFIG SET acllog-max-len 1')
    expect(log()).toHaveLength(3)
    driver.run('AUTH d x')
    expect(log()).toEqual(['1 auth toplevel AUTH d'])
  })

  it('leaves what was only asked out', () => {
    driver.run('ACL SETUSER alice on nopass +eval')
    driver.run('ACL DRYRUN alice GET a')
    driver.run('AUTH alice x')
    driver.call('EVAL', 'return redis.acl_check_cmd("GET", "a")', '0')
    driver.run('RESET')
    expect(log()).toEqual([])
  })
})

describe('a password', () => {
  it('is in no log', () => {
    driver.run('CONFIG SET slowlog-log-slower-than 0')
    driver.run('ACL SETUSER alice >secret')
    driver.run('AUTH alice secret')
    driver.run('AUTH secret')
    driver.run('HELLO 3 AUTH alice secret SETNAME x')
    driver.run('CONFIG SET requirepass secret')
    expect(JSON.stringify(driver.run('SLOWLOG GET'))).not.toContain('secret')
  })

  it('may be any bytes', () => {
    const [client, other] = [driver.engine.client(), driver.engine.client()]
    const password = Buffer.from([0xff, 0, 0x20])
    client.call('ACL', 'SETUSER', 'alice', 'on', Buffer.concat([Buffer.from('>'), password]))
    expect(other.call('AUTH', 'alice', password)).toBe('OK')
    expect(other.call('AUTH', 'alice', Buffer.from([0xff]))).toBeInstanceOf(Error)
  })
})

describe('ACL GENPASS', () => {
  it.each([
    ['ACL GENPASS', 64],
    ['ACL GENPASS 1', 1],
    ['ACL GENPASS 4', 1],
    ['ACL GENPASS 5', 2],
    ['ACL GENPASS 4096', 1_024],
  ])('%s gives %i digits', (line, length) => {
    const password = String(driver.run(line))
    expect(password).toMatch(/^[0-9a-f]+$/)
    expect(password).toHaveLength(length)
  })
})

describe('users of redis.conf', () => {
  const start = (
    users: readonly (readonly string[])[],
    directives = {},
    renamed: readonly (readonly string[])[] = [],
  ) => {
    const line = (words: readonly string[]) => ({
      name: 'user',
      words,
      place: { file: 'redis.conf', line: 1, text: `user ${words.join(' ')}` },
    })
    const engine = new Engine({
      clock: new FakeClock(),
      random: seededRandom(1),
      log: silentLogger,
      directives,
      configuration: {
        path: undefined,
        directives: [],
        users: users.map(line),
        renamedCommands: renamed.map(line),
      },
    })
    return engine.client()
  }

  it('are there, the default one as if it were new', () => {
    const client = start(
      [
        ['default', 'on', '+get', '~a'],
        ['alice', '(+get', '~b)'],
      ],
      {
        requirepass: 'secret',
      },
    )
    expect(String(client.call('ACL', 'LIST'))).toBe(
      'user alice off resetchannels -@all (~b resetchannels -@all +get),user default on sanitize-payload ~a resetchannels -@all +get',
    )
  })

  it.each([
    [
      [['a'], ['a']],
      "Error in user declaration 'a': Duplicate user found. A user can only be defined once in config files",
    ],
    [[['a b']], 'Spaces not allowed in ACL usernames'],
    [
      [['a', '+nosuch']],
      "Error loading ACL rule '+nosuch' for the user named 'a': Unknown command or category name in ACL",
    ],
    [[['a', '>secret', 'nosuch']], "Error in user declaration 'nosuch': Syntax error"],
    [[['a', '(~x']], "Error in user declaration '(~x': Syntax error"],
  ])('are refused: %j', (users, reason) => {
    const failure = (): unknown => start(users)
    expect(failure).toThrow(reason)
    expect(failure).not.toThrow('secret')
  })

  it('may not be in a file of their own as well', () => {
    expect(() => start([['a']], { aclfile: 'users.acl' })).toThrow(
      /either an ACL file or declare users/,
    )
  })

  it('name commands by their own names, renamed or gone', () => {
    const client = start([['a', '+config|get', '+debug']], {}, [
      ['CONFIG', 'settings'],
      ['DEBUG', ''],
    ])
    expect(String(client.call('ACL', 'GETUSER', 'a'))).toContain('-@all +config|get +debug')
    expect(client.call('ACL', 'DRYRUN', 'a', 'settings', 'get', 'x')).toBe('OK')
    expect(String(client.call('ACL', 'DRYRUN', 'a', 'config', 'get', 'x'))).toContain('not found')
  })
})
