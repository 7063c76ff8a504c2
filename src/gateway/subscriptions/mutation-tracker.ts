import { type Awaitable, isPromise } from '../../shared/awaitable.ts'
import type { Invalidation } from '../cache/invalidation.ts'
import type { WrittenTags } from '../cache/written-tags.ts'
import { canonicalJson, isJsonObject, parseJson } from '../graphql/lossless-json.ts'
import type { JsonObject, JsonValue } from '../graphql/operation.ts'
import type { Tag } from '../metadata/plan.ts'

export interface MutationTrackerOptions {
  readonly writtenTags: WrittenTags
  readonly invalidation: Invalidation
  /** Mutations under way at once on one connection. */
  readonly mutationsMax: number
  /** Lists and objects in each other, in a client's message. */
  readonly jsonDepthMax: number
}

/** Why a client's message must not go on: Hasura might execute what the gateway cannot follow. */
export type Untracked = 'unreadable' | 'too-many'

/** What both protocols, graphql-transport-ws and the older graphql-ws, begin an operation with. */
const BEGINNINGS: ReadonlySet<unknown> = new Set(['subscribe', 'start'])
/** Behind these no result of the operation comes. */
const ENDINGS: ReadonlySet<unknown> = new Set(['complete', 'error'])

/**
 * Follows the mutations of one WebSocket connection, so that what they write is stale before the client
 * learns that they were executed. It reads along and changes no message.
 */
export class MutationTracker {
  readonly #options: MutationTrackerOptions
  /** By the id of the operation. */
  readonly #underWay = new Map<string, readonly Tag[]>()

  constructor(options: MutationTrackerOptions) {
    this.#options = options
  }

  get isIdle(): boolean {
    return this.#underWay.size === 0
  }

  /** A message on its way to the upstream, text or binary: Hasura takes both. */
  sent(bytes: Buffer): Untracked | undefined {
    const { writtenTags, mutationsMax } = this.#options
    const message = this.#read(bytes)
    if (message === undefined) return 'unreadable'
    const id = message.get('id')
    if (typeof id !== 'string' || !BEGINNINGS.has(message.get('type'))) return undefined
    const tags = writtenTags.of(Buffer.from(canonicalJson(message.get('payload') ?? null)))
    if (tags.length === 0) return undefined
    const already = this.#underWay.get(id) ?? []
    this.#underWay.set(id, [...new Set([...already, ...tags])])
    return this.#underWay.size <= mutationsMax ? undefined : 'too-many'
  }

  /**
   * A message on its way to the client, which must wait for what this returns. An operation is followed to
   * its end: the first message of its id may be the last of an earlier operation.
   */
  answered(bytes: Buffer): Awaitable<void> {
    if (this.isIdle) return
    const { id, type } = readAnswer(bytes)
    const tags = typeof id === 'string' ? this.#underWay.get(id) : undefined
    if (typeof id !== 'string' || tags === undefined) return
    if (ENDINGS.has(type)) this.#underWay.delete(id)
    return this.#options.invalidation.wrote(tags, 'websocket')
  }

  /** The upstream tells no more: what is under way may yet be executed. */
  ended(): void {
    if (this.isIdle) return
    const tags = [...new Set([...this.#underWay.values()].flat())]
    this.#underWay.clear()
    const invalidated = this.#options.invalidation.mayHaveWritten(tags, 'websocket')
    if (isPromise(invalidated)) invalidated.catch(() => undefined)
  }

  /** `undefined` also for JSON that two programs could read differently. */
  #read(bytes: Buffer): JsonObject | undefined {
    let value: JsonValue
    try {
      value = parseJson(bytes, this.#options.jsonDepthMax).value
    } catch {
      return undefined
    }
    return isJsonObject(value) ? value : undefined
  }
}

interface AnswerMessage {
  readonly type?: unknown
  readonly id?: unknown
}

function readAnswer(bytes: Buffer): AnswerMessage {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
