import type { Startable } from '../shared/lifecycle.ts'
import type { Logger } from '../shared/logger.ts'
import { type Store, StoreError } from '../store/index.ts'

/** Says so when a server may evict what must not be lost. It is the operator's to set its policy. */
export function evictionCheck(store: Store, log: Logger): Startable {
  return {
    name: 'eviction check',
    start: async () => {
      try {
        const finding = evictionFinding(await store.info())
        if (finding !== undefined) log.warn({ store: store.name, ...finding }, EVICTION_WARNING)
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        log.warn({ store: store.name }, 'the store does not tell whether it evicts sessions')
      }
    },
    stop: () => Promise.resolve(),
  }
}

export const EVICTION_WARNING =
  'this server may evict sessions, revocations and limits when its memory is full: set its maxmemory-policy to noeviction, or keep them on another one with store.protected_url'

/** Of INFO: how much memory there is and what goes when it is full; `undefined` when nothing does. */
export function evictionFinding(
  info: string,
): { readonly maxmemory: number; readonly policy: string } | undefined {
  const [, policy = 'unknown'] = /^maxmemory_policy:(\S+)/m.exec(info) ?? []
  const maxmemory = Number(/^maxmemory:(\d+)/m.exec(info)?.[1] ?? 0)
  return maxmemory > 0 && policy !== 'noeviction' ? { maxmemory, policy } : undefined
}
