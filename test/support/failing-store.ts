import type { Store } from '../../src/store/index.ts'
import { StoreError } from '../../src/store/index.ts'

export interface FailingStore extends Store {
  isDown: boolean
  /** What is written is done, and nobody knows for how long. */
  isUnconfirmed: boolean
}

/** A store that can be cut off: while it is, every call fails as it does behind a dead connection. */
export function failingStore(store: Store): FailingStore {
  const reach = async (): Promise<void> => {
    if (failing.isDown) throw new StoreError('unreachable', 'the connection is closed')
  }
  const failing: FailingStore = {
    isDown: false,
    isUnconfirmed: false,
    name: store.name,
    start: () => store.start(),
    stop: () => store.stop(),
    ping: async () => {
      await reach()
    },
    get: async (key) => {
      await reach()
      return await store.get(key)
    },
    getMany: async (keys) => {
      await reach()
      return await store.getMany(keys)
    },
    set: async (key, value, options) => {
      await reach()
      return await store.set(key, value, options)
    },
    delete: async (keys) => {
      await reach()
      return await store.delete(keys)
    },
    touch: async (key, ttlMs) => {
      await reach()
      return await store.touch(key, ttlMs)
    },
    run: async (procedure, keys, args) => {
      await reach()
      return await store.run(procedure, keys, args)
    },
    confirm: async () => {
      await reach()
      if (failing.isUnconfirmed) throw new StoreError('unconfirmed', '0 of 1 replicas confirmed')
      await store.confirm()
    },
    info: async () => {
      await reach()
      return await store.info()
    },
  }
  return failing
}
