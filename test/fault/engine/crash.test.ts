import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Random, seededRandom, systemRandom } from '../../../src/shared/random.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { DurableEngine } from './durable-engine.ts'
import { MixedWriter } from './mixed-writer.ts'

/** GERBANG_CRASHES=100 for a long run. */
const CRASHES = Number(process.env['GERBANG_CRASHES'] ?? 20)
const WRITERS = 4
/** A log that is rewritten again and again, amid the writes. */
const REWRITTEN_OFTEN = [
  '--auto-aof-rewrite-min-size',
  '64kb',
  '--auto-aof-rewrite-percentage',
  '50',
]
const EVERY_SECOND_MS = 1_000

const seed = Number(process.env['GERBANG_FUZZ_SEED'] ?? systemRandom.uint32())

describe(`an engine that is killed, seed ${seed}`, () => {
  let folder: string
  let random: Random

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-crash-'))
    random = seededRandom(seed)
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it.each([
    // Of what waits for the disk a second may be lost, and what was acknowledged before it not.
    { policy: 'always', crashes: CRASHES, livesMs: 0, lostMs: 0 },
    {
      policy: 'everysec',
      crashes: Math.ceil(CRASHES / 4),
      livesMs: 1_200,
      lostMs: EVERY_SECOND_MS,
    },
  ])(
    'has what it acknowledged with appendfsync $policy ($crashes crashes)',
    { timeout: 60_000 + CRASHES * 10_000 },
    async ({ policy, crashes, livesMs, lostMs }) => {
      const engine = new DurableEngine(folder, ['--appendfsync', policy, ...REWRITTEN_OFTEN])
      for (let crash = 0; crash < crashes; crash += 1) {
        await engine.start()
        const writers = Array.from({ length: WRITERS }, (_, index) => new MixedWriter(`w${index}`))
        const writing = writers.map(async (writer) => {
          const client = await engine.connect()
          await writer.begin(client)
          await writer.write(client)
        })
        await waitUntil(() => writers.every(({ acknowledgedCount }) => acknowledgedCount > 0))
        await setTimeout(livesMs + (random.uint32() % 300))
        const killedMs = Date.now()
        await engine.kill()
        await Promise.all(writing)
        await engine.start()
        const client = await engine.connect()
        for (const writer of writers) {
          expect(await writer.findFaults(client, killedMs - lostMs), engine.log).toEqual([])
        }
        client.close()
        await engine.kill()
      }
    },
  )
})
