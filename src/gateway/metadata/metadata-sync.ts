import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Random } from '../../shared/random.ts'
import { nextTurn, runInSlices, type Slices } from '../../shared/slices.ts'
import type { MetadataOptions } from '../options.ts'
import type { MetadataSnapshot } from '../statistics/snapshot.ts'
import { isOutage } from '../upstream/upstream-error.ts'
import type { PlanExplanation } from './explanation.ts'
import { buildModelSlices } from './hasura-metadata.ts'
import type { MetadataModel } from './metadata-model.ts'
import { MetadataPlanner } from './metadata-planner.ts'
import type { Plan, Tag } from './plan.ts'
import type { KeyTexts, Planner } from './planner.ts'
import {
  catalogsOf,
  isSameReading,
  type MetadataSource,
  readingVersion,
  readUpstream,
  type UpstreamReading,
} from './read-upstream.ts'
import { safePlanner } from './safe-planner.ts'

export interface MetadataSyncOptions {
  readonly source: MetadataSource
  readonly options: MetadataOptions
  /** Plans have changed, and with them the keys of entries. */
  readonly onPlans: () => void
  /** Hasura has changed since this process first knew it. Awaited before anyone is told. */
  readonly onChange: () => Promise<void>
  /**
   * How long entries may be served while the upstream is away. They are found by the last metadata, so it is
   * kept for as long; nothing new comes to be shared by it meanwhile.
   */
  readonly outageMaxMs: number
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** A start waits so long for the first load, and then goes on without. */
const START_WAIT_MS = 2_000
/** One load may take so long, all its requests together. */
const LOAD_TIMEOUT_MS = 10_000
/** Until there is metadata, retries come sooner than polls: after so long, then doubled each time. */
const RETRY_MIN_MS = 500
/** Polls may fail for so long, or for three intervals, before the metadata counts as unknown. */
const UNCONFIRMED_MAX_MS = 60_000

/** Requests wait so long for a model that is being built, and for a step of it: some 5 ms more at most. */
const SLICE_MS = 5
const SAFE_VERSION_BYTES = 16

/** `gerbang check` shows them all. */
const CAUTIONS_LOGGED_MAX = 10

/** Of which each change is logged, once. */
type State = 'waiting' | 'loaded' | 'unconfirmed' | 'safe'

/**
 * Keeps the planner in step with Hasura. Until its metadata is known, and whenever that is in doubt, plans are
 * the safe ones: the gateway serves, and shares nothing between sessions.
 *
 * A change made through the gateway calls `refresh`; when that fails, the metadata is in doubt at once. A
 * change made elsewhere is seen by the next poll. When polls fail, the last metadata is kept for a time: most
 * often Hasura is being restarted, and has not changed.
 */
export class MetadataSync {
  /** Always the same object: what it plans by is replaced within. */
  readonly planner: Planner = new CurrentPlanner(() => this.#current)
  readonly #options: MetadataSyncOptions
  /** Of the load under way. */
  #abort = new AbortController()
  #isStopped = false
  #current: Planner
  #reading: UpstreamReading | undefined
  #model: MetadataModel | undefined
  #state: State = 'waiting'
  #confirmedAtMs = 0
  #loadedAtMs: number | undefined
  #lastError: MetadataSnapshot['lastError']
  /** How often Hasura may have been changed through the gateway, and how many of these changes are known. */
  #changes = 0
  #knownChanges = 0
  #failures = 0
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: MetadataSyncOptions) {
    this.#options = options
    this.#current = this.#safePlanner()
  }

  /** Never fails: a gateway may be up before its Hasura. */
  async start(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, START_WAIT_MS)
    })
    await Promise.race([this.#run(), patience])
    clearTimeout(timer)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#abort.abort()
    clearTimeout(this.#timer)
    await this.#next
    await this.#running
  }

  /**
   * Hasura may just have been changed: when this resolves, plans are by metadata read after the call, or the
   * safe ones, and whatever was cached by others is stale.
   */
  async refresh(): Promise<void> {
    this.#changes += 1
    await this.#loadAnew()
  }

  /**
   * The last that was read, also when it is in doubt since: limits that come from it are not lifted because
   * Hasura is away. Another object when it has changed.
   */
  get model(): MetadataModel | undefined {
    return this.#model
  }

  snapshot(): MetadataSnapshot {
    return {
      isLoaded: this.#reading !== undefined,
      resourceVersion: this.#reading?.metadata.resource_version,
      loadedAtMs: this.#loadedAtMs,
      lastError: this.#lastError,
    }
  }

  /** Many at once share one load. One under way is not good enough: it may have read too early. */
  async #loadAnew(): Promise<void> {
    if (this.#running === undefined) return await this.#run()
    this.#next ??= this.#running.then(() => {
      this.#next = undefined
      return this.#running ?? this.#run()
    })
    return await this.#next
  }

  #run(): Promise<void> {
    clearTimeout(this.#timer)
    this.#running = this.#load().finally(() => {
      this.#running = undefined
      this.#schedule()
    })
    return this.#running
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    if (this.#isStopped) return
    const { pollIntervalMs } = this.#options.options
    const retryMs = RETRY_MIN_MS * 2 ** Math.max(0, this.#failures - 1)
    const delayMs = this.#reading === undefined ? Math.min(retryMs, pollIntervalMs) : pollIntervalMs
    this.#timer = setTimeout(() => {
      this.#run().catch((error: unknown) => {
        this.#options.log.error({ err: error }, 'reading the metadata failed by a bug')
      })
    }, delayMs).unref()
  }

  async #load(): Promise<void> {
    if (this.#isStopped) return
    const changes = this.#changes
    const isDoubted = changes > this.#knownChanges
    let reading: UpstreamReading
    try {
      reading = await this.#read(isDoubted ? undefined : this.#reading)
    } catch (error) {
      await this.#fail(error, this.#mayKeep(error))
      return
    }
    try {
      await this.#adopt(reading)
      this.#knownChanges = changes
    } catch (error) {
      await this.#fail(error, false)
    }
  }

  async #read(earlier: UpstreamReading | undefined): Promise<UpstreamReading> {
    const abort = new AbortController()
    this.#abort = abort
    const timer = setTimeout(() => abort.abort(new Error(TOO_SLOW)), LOAD_TIMEOUT_MS)
    try {
      return await readUpstream(this.#options.source, abort.signal, earlier)
    } finally {
      clearTimeout(timer)
    }
  }

  async #adopt(reading: UpstreamReading): Promise<void> {
    const { clock, log, options } = this.#options
    const version =
      this.#reading !== undefined && isSameReading(this.#reading, reading)
        ? this.#current.version
        : await this.#inSlices(readingVersion(reading, options.declared))
    const isNew = this.#reading === undefined || version !== this.#current.version
    const model = isNew ? await this.#build(reading) : undefined
    if (this.#isStopped) return
    const isFirst = this.#loadedAtMs === undefined && this.#changes === 0
    this.#confirmedAtMs = clock.monotonicMs()
    this.#loadedAtMs = clock.nowMs()
    this.#lastError = undefined
    this.#failures = 0
    if (isNew || this.#state !== 'loaded') {
      this.#state = 'loaded'
      const resourceVersion = reading.metadata.resource_version
      const cautions = model?.cautions.slice(0, CAUTIONS_LOGGED_MAX)
      log.info({ resourceVersion, cautions }, 'plans are by the metadata of the upstream')
    }
    if (model === undefined) return
    this.#reading = reading
    this.#model = model
    await this.#replace(new MetadataPlanner(model, version), isFirst)
  }

  async #build(reading: UpstreamReading): Promise<MetadataModel> {
    const { declared } = this.#options.options
    const catalogs = await this.#inSlices(catalogsOf(reading))
    return await this.#inSlices(buildModelSlices(reading.metadata, catalogs, { declared }))
  }

  async #inSlices<T>(work: Slices<T>): Promise<T> {
    const { clock } = this.#options
    const monotonicMs = (): number => clock.monotonicMs()
    return await runInSlices(work, { sliceMs: SLICE_MS, monotonicMs, pause: nextTurn })
  }

  /**
   * What was cached before this process started needs no end: its keys name the version of the plans that it
   * was cached by. While the process runs, others on the same store may not have seen a change yet.
   */
  async #replace(planner: Planner, isFirst: boolean): Promise<void> {
    this.#current = planner
    this.#options.onPlans()
    if (!isFirst) await this.#options.onChange()
  }

  /** With a version that never comes again: what is cached by it is of no use to anyone else, or later. */
  #safePlanner(): Planner {
    const version = `safe ${this.#options.random.bytes(SAFE_VERSION_BYTES).toString('hex')}`
    return { ...safePlanner, version }
  }

  /** The last metadata, when it could not be read again. */
  #mayKeep(error: unknown): boolean {
    const { clock, options } = this.#options
    const outageMs = isOutage(error) ? this.#options.outageMaxMs : 0
    const keptMs = Math.max(UNCONFIRMED_MAX_MS, 3 * options.pollIntervalMs, outageMs)
    const isRecent = clock.monotonicMs() - this.#confirmedAtMs <= keptMs
    return this.#reading !== undefined && isRecent && this.#changes === this.#knownChanges
  }

  async #fail(error: unknown, isKept: boolean): Promise<void> {
    if (this.#isStopped) return
    const { clock, log } = this.#options
    const message = error instanceof Error ? error.message : String(error)
    this.#lastError = { message, atMs: clock.nowMs() }
    this.#failures += 1
    const state = isKept ? 'unconfirmed' : 'safe'
    if (this.#state !== state) {
      this.#state = state
      log.warn({ err: error }, isKept ? KEPT : UNKNOWN)
    }
    if (isKept || this.#reading === undefined) return
    this.#reading = undefined
    await this.#replace(this.#safePlanner(), false)
  }
}

/** Planners are replaced; who holds this one always asks the current. */
class CurrentPlanner implements Planner {
  readonly #current: () => Planner

  constructor(current: () => Planner) {
    this.#current = current
  }

  get version(): string {
    return this.#current().version
  }

  plan(...asked: Parameters<Planner['plan']>): Plan {
    return this.#current().plan(...asked)
  }

  keyTexts(...asked: Parameters<Planner['keyTexts']>): KeyTexts | undefined {
    return this.#current().keyTexts(...asked)
  }

  explain(...asked: Parameters<Planner['explain']>): PlanExplanation {
    return this.#current().explain(...asked)
  }

  changedRows(...changed: Parameters<Planner['changedRows']>): readonly Tag[] {
    return this.#current().changedRows(...changed)
  }
}

const TOO_SLOW = `the upstream did not tell its metadata within ${LOAD_TIMEOUT_MS} ms`
const KEPT = 'the metadata of the upstream could not be read again; the last is kept for a time'
const UNKNOWN = 'the metadata of the upstream is not known; nothing is shared between sessions'
