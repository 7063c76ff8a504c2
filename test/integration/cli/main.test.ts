import { describe, expect, it } from 'vitest'
import { CliProcess } from '../../support/cli-process.ts'

describe('gerbang', () => {
  it.each([
    [[], /Usage: gerbang <command>/],
    [['--help'], /Usage: gerbang <command>/],
    [['--version'], /^\d+\.\d+\.\d+\n$/],
    [['engine', '--help'], /redis\.conf/],
  ])('answers %j', async (args, text) => {
    const cli = new CliProcess(args)
    expect(await cli.ended()).toBe(0)
    expect(cli.output).toMatch(text)
  })

  it.each([[['egnine'], 'unknown command "egnine"; did you mean engine?\nSee gerbang --help.']])(
    'refuses %j',
    async (args, message) => {
      const cli = new CliProcess(args)
      expect(await cli.ended()).toBe(2)
      expect(cli.errors).toContain(message)
    },
  )
})
