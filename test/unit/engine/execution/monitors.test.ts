import { describe, expect, it } from 'vitest'
import { Client } from '../../../../src/engine/execution/client.ts'
import { Monitors, type Secrets } from '../../../../src/engine/execution/monitors.ts'
import { ArgumentVector } from '../../../../src/engine/protocol/argument-vector.ts'
import { collectOutput } from '../../../support/collect-output.ts'

const NO_SECRETS: Secrets = { isRedacted: () => false }

function clientAt(address: string): Client {
  return new Client({ id: 1, address, nowMs: 0, isEmbedded: false })
}

function fed(client: Client, args: readonly string[], secrets = NO_SECRETS): string {
  const watcher = clientAt('9.9.9.9:9')
  const received = collectOutput(watcher)
  const monitors = new Monitors()
  monitors.add(watcher)
  const argv = new ArgumentVector()
  argv.load(args.map((text) => Buffer.from(text, 'latin1')))
  monitors.feed({ client, argv, databaseIndex: 3 }, 1_700_000_000_123, secrets)
  return received()
}

describe('Monitors', () => {
  it('tell when, where, who and what', () => {
    expect(fed(clientAt('1.2.3.4:5'), ['SET', 'a', '1'])).toBe(
      '+1700000000.123000 [3 1.2.3.4:5] "SET" "a" "1"\r\n',
    )
  })

  it.each([
    ['a socket of the file system', '/run/engine.sock:0', 'unix:/run/engine.sock'],
    ['an IPv6 address', '::1:5', '::1:5'],
  ])('name %s', (_title, address, origin) => {
    expect(fed(clientAt(address), ['PING'])).toContain(`[3 ${origin}] `)
  })

  it('say lua of what a script calls', () => {
    const script = clientAt('script:0')
    script.caller = clientAt('1.2.3.4:5')
    expect(fed(script, ['GET', 'a'])).toContain('[3 lua] "GET" "a"')
  })

  it('write what cannot be printed as Redis does', () => {
    expect(fed(clientAt('x:1'), ['"\\\n\r\t\u0007\b\0\u007fé~ '])).toContain(
      String.raw`"\"\\\n\r\t\a\b\x00\x7f\xe9~ "`,
    )
  })

  it('keep secrets', () => {
    const secrets: Secrets = { isRedacted: (argument) => argument === 1 }
    expect(fed(clientAt('x:1'), ['CONFIG', 'hunter2'], secrets)).toContain('"CONFIG" "(redacted)"')
  })
})
