import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { GatewayError } from '../../../../src/gateway/errors.ts'
import { MetadataSync } from '../../../../src/gateway/metadata/metadata-sync.ts'
import type { MetadataSource } from '../../../../src/gateway/metadata/read-upstream.ts'
import { NOTHING_DECLARED } from '../../../../src/gateway/options.ts'
import type { Logger } from '../../../../src/shared/logger.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import { catalogText, type TestCatalog } from '../../../support/catalog-text.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { exportOf, table } from '../../../support/plan-of.ts'
import { operationOf } from '../../../support/prepare.ts'

const POLL_MS = 10_000
const PRODUCTS = operationOf('{ products { id } }')
const CHANGE = operationOf('mutation { delete_products(where: {}) { affected_rows } }')

/** A Hasura with one table, which tests change while it is running. */
class FakeHasura implements MetadataSource {
  version = 1
  filter: object = {}
  catalog: TestCatalog | undefined = { tables: ['products'] }
  failure: Error | undefined
  /** While there is one, answers wait for it. */
  gate: Promise<void> | undefined
  readonly requests: unknown[] = []

  async fetchJson(path: string, request: unknown, signal: AbortSignal): Promise<unknown> {
    this.requests.push({ path, request })
    const answer = this.#answer(path)
    if (this.gate !== undefined) await Promise.race([this.gate, aborted(signal)])
    return answer()
  }

  get exportCount(): number {
    return this.requests.filter((request) => JSON.stringify(request).includes('export_metadata'))
      .length
  }

  /** As things stand when the request comes in. */
  #answer(path: string): () => unknown {
    const { failure, catalog } = this
    const told = {
      ...exportOf({ tables: [table('products', { user: this.filter })] }),
      resource_version: this.version,
    }
    return () => {
      if (failure !== undefined) throw failure
      if (path === '/v1/metadata') return told
      if (catalog === undefined) throw new Error('the database is down')
      return { result_type: 'TuplesOk', result: [['catalog'], [catalogText(catalog)]] }
    }
  }
}

async function aborted(signal: AbortSignal): Promise<never> {
  return await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })
}

function setUp(hasura = new FakeHasura(), outageMaxMs = 0) {
  const clock = new FakeClock()
  /** What plans were replaced by, and by what when what was cached ended. */
  const changes: string[] = []
  const ends: string[] = []
  const lines: string[] = []
  const log: Logger = {
    debug: () => undefined,
    info: (_, message) => lines.push(`info ${message}`),
    warn: (_, message) => lines.push(`warn ${message}`),
    error: (_, message) => lines.push(`error ${message}`),
  }
  const sync = new MetadataSync({
    source: hasura,
    options: { pollIntervalMs: POLL_MS, declared: NOTHING_DECLARED },
    onPlans: () => {
      changes.push(variables())
    },
    onChange: async () => {
      ends.push(variables())
    },
    outageMaxMs,
    clock,
    random: seededRandom(1),
    log,
  })
  const variables = () => String(sync.planner.plan(PRODUCTS, 'user', undefined).sessionVariables)
  /** Lets time go by, for timers and the clock alike. */
  const pass = async (ms: number) => {
    clock.advance(ms)
    await vi.advanceTimersByTimeAsync(ms)
  }
  return { hasura, sync, clock, changes, ends, lines, variables, pass }
}

const SHARED = ''
const WHOLE = 'all'
const OWN = { user_id: { _eq: 'X-Hasura-User-Id' } }

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a start', () => {
  it('has the metadata, when Hasura is there', async () => {
    const { sync, variables, changes } = setUp()
    expect([variables(), sync.snapshot().isLoaded]).toEqual([WHOLE, false])
    await sync.start()
    expect([variables(), changes]).toEqual([SHARED, [SHARED]])
    expect(sync.snapshot()).toMatchObject({
      isLoaded: true,
      resourceVersion: 1,
      lastError: undefined,
    })
    await sync.stop()
  })

  it('asks for the metadata, and the database for its catalog without leave to write', async () => {
    const { hasura, sync } = setUp()
    await sync.start()
    expect(hasura.requests).toEqual([
      { path: '/v1/metadata', request: { type: 'export_metadata', version: 2, args: {} } },
      {
        path: '/v2/query',
        request: {
          type: 'run_sql',
          args: expect.objectContaining({ source: 'default', read_only: true, cascade: false }),
        },
      },
    ])
    await sync.stop()
  })

  it('goes on without, when Hasura is not, and is safe', async () => {
    const { hasura, sync, variables, changes, lines, clock, pass } = setUp()
    hasura.failure = new Error('the upstream answered 401 to /v1/metadata')
    await sync.start()
    expect(variables()).toBe(WHOLE)
    expect(sync.planner.plan(CHANGE, 'user', undefined).writes).toEqual(['everything'])
    expect(sync.snapshot()).toEqual({
      isLoaded: false,
      resourceVersion: undefined,
      loadedAtMs: undefined,
      lastError: { message: 'the upstream answered 401 to /v1/metadata', atMs: clock.nowMs() },
    })
    await pass(5 * POLL_MS)
    expect([changes, lines.length]).toEqual([[], 1])
    await sync.stop()
  })

  it('waits two seconds for a slow one, and takes what it says later', async () => {
    const { hasura, sync, variables, pass } = setUp()
    let open = (): void => undefined
    hasura.gate = new Promise((resolve) => {
      open = resolve
    })
    const started = sync.start()
    await pass(2_000)
    await started
    expect(variables()).toBe(WHOLE)
    open()
    await pass(0)
    expect(variables()).toBe(SHARED)
    await sync.stop()
  })

  it('gives up a load after ten seconds, and tries again', async () => {
    const { hasura, sync, variables, pass } = setUp()
    hasura.gate = new Promise(() => undefined)
    const started = sync.start()
    await pass(9_999)
    await started
    expect(sync.snapshot().lastError).toBeUndefined()
    await pass(1)
    expect(sync.snapshot().lastError?.message).toMatch(/within 10000 ms/)
    hasura.gate = undefined
    await pass(500)
    expect(variables()).toBe(SHARED)
    await sync.stop()
  })

  it('tries again soon, then ever more rarely, as often as it polls at most', async () => {
    const { hasura, sync, variables, pass } = setUp()
    hasura.failure = new Error('down')
    await sync.start()
    const counts: number[] = []
    for (const ms of [500, 1_000, 2_000, 4_000, 8_000, POLL_MS, POLL_MS]) {
      await pass(ms - 1)
      counts.push(hasura.exportCount)
      await pass(1)
    }
    expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7])
    hasura.failure = undefined
    await pass(POLL_MS)
    expect(variables()).toBe(SHARED)
    await sync.stop()
  })

  it('takes what is no metadata for a failure', async () => {
    const { sync } = setUp()
    const bad = new MetadataSync({
      source: { fetchJson: async () => ({ data: { products: [] } }) },
      options: { pollIntervalMs: POLL_MS, declared: NOTHING_DECLARED },
      onPlans: () => undefined,
      onChange: async () => undefined,
      outageMaxMs: 0,
      clock: new FakeClock(),
      random: seededRandom(1),
      log: {
        debug: () => undefined,
        info: () => undefined,
        warn: () => undefined,
        error: () => undefined,
      },
    })
    await bad.start()
    expect(bad.snapshot().lastError?.message).toMatch(/did not answer with metadata/)
    await Promise.all([bad.stop(), sync.stop()])
  })
})

describe('a poll', () => {
  it('changes nothing while nothing has changed', async () => {
    const { hasura, sync, changes, lines, pass } = setUp()
    await sync.start()
    await pass(3 * POLL_MS)
    expect(hasura.exportCount).toBe(4)
    expect([changes.length, lines.length]).toEqual([1, 1])
    await sync.stop()
  })

  it('sees another version, a lower one too', async () => {
    const { hasura, sync, changes, variables, pass } = setUp()
    await sync.start()
    hasura.filter = OWN
    hasura.version = 0
    await pass(POLL_MS - 1)
    expect(variables()).toBe(SHARED)
    await pass(1)
    expect([variables(), changes]).toEqual(['x-hasura-user-id', [SHARED, 'x-hasura-user-id']])
    await sync.stop()
  })

  it('sees another catalog under the same version', async () => {
    const { hasura, sync, changes, pass } = setUp()
    await sync.start()
    hasura.catalog = { tables: ['products'], triggersOn: ['products'] }
    await pass(POLL_MS)
    expect(changes).toHaveLength(2)
    expect(sync.planner.plan(CHANGE, 'user', undefined).writes).toEqual(['everything'])
    await sync.stop()
  })

  it('keeps the catalog of a database that does not answer', async () => {
    const { hasura, sync, changes, variables, pass } = setUp()
    await sync.start()
    hasura.catalog = undefined
    await pass(POLL_MS)
    expect(changes).toHaveLength(1)
    expect(variables()).toEqual(SHARED)
    hasura.version = 2
    await pass(POLL_MS)
    expect(changes).toHaveLength(2)
    expect(sync.planner.plan(CHANGE, 'user', undefined).writes).toEqual(['everything'])
    expect(variables()).toEqual(WHOLE)
    await sync.stop()
  })

  it('that fails leaves the last metadata for a minute, and then none', async () => {
    const { hasura, sync, changes, variables, lines, pass } = setUp()
    await sync.start()
    hasura.failure = new Error('down')
    await pass(6 * POLL_MS)
    expect([variables(), sync.snapshot().isLoaded, lines.length]).toEqual([SHARED, true, 2])
    expect(sync.snapshot().lastError?.message).toBe('down')
    await pass(POLL_MS)
    expect([variables(), changes]).toEqual([WHOLE, [SHARED, WHOLE]])
    expect([sync.snapshot().isLoaded, lines.length]).toEqual([false, 3])
    hasura.failure = undefined
    await pass(POLL_MS)
    expect([variables(), changes.length, lines.length]).toEqual([SHARED, 3, 4])
    await sync.stop()
  })

  it('that cannot reach Hasura leaves it for as long as answers are served instead', async () => {
    const { hasura, sync, variables, pass } = setUp(new FakeHasura(), 9 * POLL_MS)
    await sync.start()
    hasura.failure = new GatewayError('upstream-unreachable', 'down')
    await pass(9 * POLL_MS)
    expect(variables()).toBe(SHARED)
    await pass(POLL_MS)
    expect(variables()).toBe(WHOLE)
    await sync.stop()
  })

  it('that Hasura answers with an error leaves it for no longer than a minute', async () => {
    const { hasura, sync, variables, pass } = setUp(new FakeHasura(), 9 * POLL_MS)
    await sync.start()
    hasura.failure = new GatewayError('upstream-invalid-response', 'no')
    await pass(7 * POLL_MS)
    expect(variables()).toBe(WHOLE)
    await sync.stop()
  })

  it('that works again after a failure changes nothing', async () => {
    const { hasura, sync, changes, lines, pass } = setUp()
    await sync.start()
    hasura.failure = new Error('down')
    await pass(POLL_MS)
    hasura.failure = undefined
    await pass(POLL_MS)
    expect([changes.length, sync.snapshot().lastError, lines.length]).toEqual([1, undefined, 3])
    await sync.stop()
  })
})

describe('a refresh', () => {
  it('ends with the plans of what was changed', async () => {
    const { hasura, sync, variables, changes } = setUp()
    await sync.start()
    hasura.filter = OWN
    hasura.version = 2
    await sync.refresh()
    expect([variables(), changes.length]).toEqual(['x-hasura-user-id', 2])
    await sync.stop()
  })

  it('does not trust a load that began before it', async () => {
    const { hasura, sync, variables, pass } = setUp()
    await sync.start()
    let open = (): void => undefined
    hasura.gate = new Promise((resolve) => {
      open = resolve
    })
    await pass(POLL_MS)
    hasura.gate = undefined
    hasura.filter = OWN
    hasura.version = 2
    const refreshed = Promise.all([sync.refresh(), sync.refresh(), sync.refresh()])
    open()
    await refreshed
    expect(variables()).toBe('x-hasura-user-id')
    // At the start, by the poll, and once for all three.
    expect(hasura.exportCount).toBe(3)
    await sync.stop()
  })

  it('that fails leaves no metadata: permissions may have changed', async () => {
    const { hasura, sync, variables, changes, pass } = setUp()
    await sync.start()
    hasura.failure = new Error('down')
    await sync.refresh()
    expect([variables(), changes]).toEqual([WHOLE, [SHARED, WHOLE]])
    hasura.failure = undefined
    await pass(500)
    expect(variables()).toBe(SHARED)
    await sync.stop()
  })

  it('does without the catalog that may have changed', async () => {
    const { hasura, sync } = setUp()
    await sync.start()
    hasura.catalog = undefined
    await sync.refresh()
    expect(sync.planner.plan(CHANGE, 'user', undefined).writes).toEqual(['everything'])
    await sync.stop()
  })

  it('may be many at once', async () => {
    const { hasura, sync } = setUp()
    await sync.start()
    await Promise.all(Array.from({ length: 100 }, () => sync.refresh()))
    expect(hasura.exportCount).toBe(3)
    await sync.stop()
  })
})

describe('a stop', () => {
  it('ends a load under way, and all polls', async () => {
    const { hasura, sync, lines, pass } = setUp()
    hasura.gate = new Promise(() => undefined)
    const started = sync.start()
    await sync.stop()
    await started
    await pass(10 * POLL_MS)
    expect([hasura.exportCount, lines]).toEqual([1, []])
    await sync.refresh()
    expect(hasura.exportCount).toBe(1)
  })
})

describe('the version of the plans', () => {
  /** Of a gateway that starts by this Hasura, and what it ended at its start. */
  const started = async (hasura: FakeHasura) => {
    const { sync, ends } = setUp(hasura)
    await sync.start()
    await sync.stop()
    return { version: sync.planner.version, ends }
  }

  it('is the same after a restart, which ends nothing', async () => {
    const first = await started(new FakeHasura())
    const second = await started(new FakeHasura())
    expect(second).toEqual(first)
    expect(first.ends).toEqual([])
  })

  it.each<[string, (hasura: FakeHasura) => void]>([
    ['permissions', (hasura) => Object.assign(hasura, { filter: OWN })],
    ['catalog', (hasura) => Object.assign(hasura, { catalog: { tables: [] } })],
    ['unknown catalog', (hasura) => Object.assign(hasura, { catalog: undefined })],
    ['number', (hasura) => Object.assign(hasura, { version: 2 })],
  ])('is another for other %s, even under the same number', async (_, change) => {
    const other = new FakeHasura()
    change(other)
    const { version } = await started(new FakeHasura())
    expect((await started(other)).version).not.toBe(version)
  })

  it('never comes again while the metadata is not known', async () => {
    const { hasura, sync, pass } = setUp()
    const before = sync.planner.version
    await sync.start()
    const loaded = sync.planner.version
    hasura.failure = new Error('down')
    await sync.refresh()
    const lost = sync.planner.version
    hasura.failure = undefined
    await pass(POLL_MS)
    expect(new Set([before, loaded, lost]).size).toBe(3)
    expect([before, lost].every((version) => version.startsWith('safe '))).toBe(true)
    expect(sync.planner.version).toBe(loaded)
    await sync.stop()
  })

  it('ends what others cached when Hasura changes, and when that is in doubt', async () => {
    const { hasura, sync, ends, pass } = setUp()
    await sync.start()
    expect(ends).toEqual([])
    hasura.filter = OWN
    await pass(POLL_MS)
    expect(ends).toEqual(['x-hasura-user-id'])
    hasura.failure = new Error('down')
    await sync.refresh()
    expect(ends).toEqual(['x-hasura-user-id', WHOLE])
    await sync.stop()
  })

  it('ends what others cached when Hasura changed before it was known', async () => {
    const { hasura, sync, ends } = setUp()
    hasura.failure = new Error('down')
    await sync.start()
    hasura.failure = undefined
    await sync.refresh()
    expect(ends).toEqual([SHARED])
    await sync.stop()
  })
})
