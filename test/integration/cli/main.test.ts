import { describe, expect, it } from 'vitest'
import { CliProcess } from '../../support/cli-process.ts'

describe('gerbang', () => {
  it.each([
    [[], /Usage: gerbang <command>/],
    [['--help'], /Usage: gerbang <command>/],
    [['--version'], /^\d+\.\d+\.\d+\n$/],
    [['serve', '--help'], /--config FILE[^]*--endpoint ENDPOINT/],
    [['demo', '--help'], /--hasura-port PORT/],
    [['check', '--help'], /Usage: gerbang check/],
    [['engine', '--help'], /redis\.conf/],
  ])('answers %j', async (args, text) => {
    const cli = new CliProcess(args)
    expect(await cli.ended()).toBe(0)
    expect(cli.output).toMatch(text)
  })

  it.each([
    [['sevre'], 'unknown command "sevre"; did you mean serve?\nSee gerbang --help.'],
    [
      ['serve', '--prot', '1'],
      'unknown flag --prot; did you mean --port?\nSee gerbang serve --help.',
    ],
    [['demo', '--hasura-port', 'x'], '--hasura-port: expected an integer from 0 to 65535, got "x"'],
  ])('refuses %j', async (args, message) => {
    const cli = new CliProcess(args)
    expect(await cli.ended()).toBe(2)
    expect(cli.errors).toContain(message)
  })

  it('does not start with a bad configuration, and names every mistake', async () => {
    const cli = new CliProcess(['serve', '--port', '70000'], { GERBANG_ADMIN_PORT: 'x' })
    expect(await cli.ended()).toBe(1)
    expect(cli.errors).toBe(
      [
        'gerbang: the configuration has mistakes:',
        '  --port: server.port: expected an integer from 0 to 65535, got 70000',
        '  GERBANG_ADMIN_PORT: admin.port: expected an integer from 0 to 65535, got "x"\n',
      ].join('\n'),
    )
  })
})
