import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import { type Store, StoreError } from '../../store/index.ts'
import type { CacheStatistics, VariantResult } from '../statistics/cache-statistics.ts'
import {
  type CacheEntry,
  encodeVariant,
  entryBody,
  entryExpiresAtMs,
  entryHead,
} from './cache-entry.ts'
import { type CacheTarget, variantOf } from './cache-target.ts'
import type { Compression, Encoding } from './encoding.ts'
import { keepVariant } from './keep-entry.ts'
import type { Variant } from './representation.ts'

export interface CompressorOptions {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly statistics: CacheStatistics
  /** Smaller bodies stay as they are. */
  readonly bytesMin: number
  /** Variants that wait to be made; further ones are made when they are asked for again. */
  readonly queueMax: number
}

interface Job {
  readonly target: CacheTarget
  readonly variant: Variant
}

/** A body that does not become so much smaller is not worth the place. */
const WORTH = 0.9
/** Of 11: from there on brotli takes ten times as long for some percent. */
const BROTLI_QUALITY = 5
const GZIP_LEVEL = 6

/**
 * Makes the compressed variants of entries, for clients that asked for one: one at a time, in zlib's threads, and
 * never while anybody waits. A variant is an entry of its own beside the one it was made of, with the same
 * stamps and times, so that a hit on it is one read too.
 */
export class Compressor {
  readonly #options: CompressorOptions
  readonly #queue: Job[] = []
  #isRunning = false
  #isStopped = false

  constructor(options: CompressorOptions) {
    this.#options = options
  }

  /** Called for each answer in identity to a client that would rather have it in `encoding`. */
  want(
    target: CacheTarget,
    encoding: Encoding,
    { body, storedAtMs }: Pick<CacheEntry, 'body' | 'storedAtMs'>,
  ): void {
    if (encoding === 'identity' || body.length < this.#options.bytesMin) return
    const variant = variantOf(target, encoding)
    if (variant.triedStoredAtMs === storedAtMs || this.#isStopped) return
    if (this.#queue.length >= this.#options.queueMax) {
      this.#options.statistics.variants.add('dropped')
      return
    }
    variant.triedStoredAtMs = storedAtMs
    this.#queue.push({ target, variant })
    if (this.#isRunning) return
    this.#isRunning = true
    this.#run().catch((error: unknown) => {
      this.#options.log.error({ err: error }, 'compressing failed by a bug')
    })
  }

  stop(): void {
    this.#isStopped = true
    this.#queue.length = 0
  }

  async #run(): Promise<void> {
    try {
      for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
        this.#options.statistics.variants.add(await this.#try(job))
      }
    } finally {
      this.#isRunning = false
    }
  }

  async #try(job: Job): Promise<VariantResult> {
    try {
      return await this.#make(job)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      this.#options.log.debug({ err: error }, 'an answer could not be kept compressed')
      return 'failed'
    }
  }

  async #make({ target, variant }: Job): Promise<VariantResult> {
    const { store, clock } = this.#options
    const [entryKey] = target.keys
    const [variantKey] = variant.keys
    if (entryKey === undefined || variantKey === undefined) return 'outdated'
    const bytes = await store.get(entryKey)
    const body = bytes === undefined ? undefined : entryBody(bytes)
    if (bytes === undefined || body === undefined) return 'outdated'
    // Another gateway may have made it, or this one for another spelling of the request.
    if (isOfSameAnswer(await store.get(variantKey), bytes)) return this.#keep(variant, 'found')
    const compressed = await compress(body, variant.encoding)
    if (compressed.length > body.length * WORTH) return 'useless'
    const head = entryHead(bytes)
    const value = encodeVariant(bytes, variant.encoding, compressed)
    const lifeMs = Math.ceil(entryExpiresAtMs(bytes) - clock.nowMs())
    if (head === undefined || value === undefined || lifeMs <= 0 || this.#isStopped) {
      return 'outdated'
    }
    // Meanwhile a newer answer may have been kept: beside it, nobody must find the older one.
    const isKept = await store.run(keepVariant, [entryKey, variantKey], [head, value, lifeMs])
    return isKept ? this.#keep(variant, 'made') : 'outdated'
  }

  #keep(variant: Variant, result: VariantResult): VariantResult {
    variant.isKept = true
    return result
  }
}

const compressGzip = promisify(gzip)
const compressBrotli = promisify(brotliCompress)

function compress(body: Buffer, encoding: Compression): Promise<Buffer> {
  if (encoding === 'gzip') return compressGzip(body, { level: GZIP_LEVEL })
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
  }
  return compressBrotli(body, { params })
}

function isOfSameAnswer(one: Buffer | undefined, other: Buffer): boolean {
  const head = one === undefined ? undefined : entryHead(one)
  const otherHead = entryHead(other)
  return head !== undefined && otherHead !== undefined && head.equals(otherHead)
}
