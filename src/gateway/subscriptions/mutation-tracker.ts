import { type Awaitable, isPromise } from '../../shared/awaitable.ts'
import type { Invalidation } from '../cache/invalidation.ts'
import type { WrittenTags } from '../cache/written-tags.ts'
import type { Tag } from '../metadata/plan.ts'

export interface MutationTrackerOptions {
  readonly writtenTags: WrittenTags
  readonly invalidation: Invalidation
  /** Mutations under way at once on one connection. */
  readonly mutationsMax: number
}

/** What both protocols, graphql-transport-ws and the older graphql-ws, begin an operation with. */
const BEGINNINGS = new Set(['subscribe', 'start'])

/**
 * Follows the mutations of one WebSocket connection, so that what they write is stale before the client
 * learns that they were executed. It reads along; it changes and refuses no message.
 */
export class MutationTracker {
  readonly #options: MutationTrackerOptions
  /** By the id of the operation. */
  readonly #underWay = new Map<string, readonly Tag[]>()

  constructor(options: MutationTrackerOptions) {
    this.#options = options
  }

  /** A message on its way to the upstream. False when it is one mutation too many to follow. */
  sent(message: Buffer): boolean {
    const { type, id, payload } = readMessage(message)
    if (typeof type !== 'string' || !BEGINNINGS.has(type) || typeof id !== 'string') return true
    const tags = this.#options.writtenTags.of(Buffer.from(JSON.stringify(payload ?? null)))
    if (tags.length === 0) return true
    const already = this.#underWay.get(id) ?? []
    this.#underWay.set(id, [...new Set([...already, ...tags])])
    return this.#underWay.size <= this.#options.mutationsMax
  }

  /** A message on its way to the client, which must wait for what this returns. */
  answered(message: Buffer): Awaitable<void> {
    if (this.#underWay.size === 0) return
    const { id } = readMessage(message)
    const tags = typeof id === 'string' ? this.#underWay.get(id) : undefined
    if (typeof id !== 'string' || tags === undefined) return
    this.#underWay.delete(id)
    return this.#options.invalidation.wrote(tags, 'websocket')
  }

  /** The connection ended: what is under way may have been executed. */
  ended(): void {
    if (this.#underWay.size === 0) return
    const tags = [...new Set([...this.#underWay.values()].flat())]
    this.#underWay.clear()
    const invalidated = this.#options.invalidation.wrote(tags, 'websocket')
    if (isPromise(invalidated)) invalidated.catch(() => undefined)
  }
}

interface Message {
  readonly type?: unknown
  readonly id?: unknown
  readonly payload?: unknown
}

function readMessage(message: Buffer): Message {
  try {
    const value: unknown = JSON.parse(message.toString())
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    // Hasura refuses it, and closes the connection.
    return {}
  }
}
