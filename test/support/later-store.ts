import type { Store } from '../../src/store/index.ts'

/** The same store as behind a socket: every answer is a promise. */
export function laterStore(store: Store): Store {
  const later = async <T>(answer: () => T): Promise<Awaited<T>> => {
    await Promise.resolve()
    return await answer()
  }
  return {
    name: store.name,
    start: () => store.start(),
    stop: () => store.stop(),
    ping: () => later(() => store.ping()),
    get: (key) => later(() => store.get(key)),
    getMany: (keys) => later(() => store.getMany(keys)),
    set: (key, value, options) => later(() => store.set(key, value, options)),
    delete: (keys) => later(() => store.delete(keys)),
    touch: (key, ttlMs) => later(() => store.touch(key, ttlMs)),
    run: (procedure, keys, args) => later(() => store.run(procedure, keys, args)),
    confirm: () => later(() => store.confirm()),
    info: () => later(() => store.info()),
  }
}
