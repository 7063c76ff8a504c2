import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/engine/commands/table.ts'
import { type BothServers, startBothServers } from '../support/both-servers.ts'
import { findTool, requireToolInCi } from '../support/tools.ts'

requireToolInCi('redis-server')
const hasRedis = findTool('redis-server') !== undefined

const NAMES = COMMANDS.flatMap(({ name, subcommands = [] }) => [
  name,
  ...subcommands.map((subcommand) => `${name}|${subcommand.name}`),
])

describe.skipIf(!hasRedis)('COMMAND beside redis-server 7.0.15', () => {
  let servers: BothServers
  let theirs: Redis
  let ours: Redis

  beforeAll(async () => {
    servers = await startBothServers()
    theirs = new Redis(servers.redis.port)
    ours = new Redis(servers.engine.port)
  })

  afterAll(async () => {
    theirs.disconnect()
    ours.disconnect()
    await servers.stop()
  })

  it.each(NAMES)('tells of %s what Redis tells', async (name) => {
    const [expected, actual] = await Promise.all(
      [theirs, ours].map(async (client) =>
        withoutOrder(await client.call('COMMAND', 'INFO', name)),
      ),
    )
    expect(actual).toEqual(expected)
  })

  it.each(NAMES)('documents %s as Redis does', async (name) => {
    const [expected, actual] = await Promise.all(
      [theirs, ours].map(async (client) =>
        sortedDeeply(await client.call('COMMAND', 'DOCS', name)),
      ),
    )
    expect(actual).toEqual(expected)
  })

  it('tells of all commands at once what it tells of each', async () => {
    const [all, each] = await Promise.all([
      ours.call('COMMAND'),
      ours.call('COMMAND', 'INFO', ...COMMANDS.map(({ name }) => name)),
    ])
    expect(all).toEqual(each)
  })
})

/** Flags and history come in no order; of a container's subcommands each is asked for by itself. */
function sortedDeeply(reply: unknown): unknown {
  if (!Array.isArray(reply)) return reply
  const at = reply.indexOf('subcommands')
  const own = at < 0 ? reply : reply.slice(0, at)
  return own.map((each, index) => {
    const isSet = ['flags', 'doc_flags', 'history'].includes(String(own[index - 1]))
    return isSet ? sorted(each) : sortedDeeply(each)
  })
}

/** Sets come in the order of a hash table. Subcommands are asked for by name. */
function withoutOrder(reply: unknown): unknown {
  const [info] = Array.isArray(reply) ? reply : []
  if (!Array.isArray(info)) return info
  const [name, arity, flags, first, last, step, categories, tips, keySpecs] = info
  return {
    name,
    arity,
    legacyKeys: [first, last, step],
    keySpecs: JSON.stringify(keySpecs),
    flags: sorted(flags),
    categories: sorted(categories),
    tips: sorted(tips),
  }
}

function sorted(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? list.map(String).toSorted() : []
}
