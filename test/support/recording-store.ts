import type { ProcedureArgument, Store } from '../../src/store/index.ts'

export interface RecordingStore extends Store {
  /** Calls of any kind. */
  readonly calls: number
  /** Procedures run. */
  readonly runs: number
  /** All bytes that were written, or given to procedures: keys, values and arguments. */
  arguments(): readonly Buffer[]
}

/** A store that tells what it was asked. */
export function recordingStore(store: Store): RecordingStore {
  let calls = 0
  let runs = 0
  const seen: Buffer[] = []
  const note = (...values: readonly (ProcedureArgument | Uint8Array)[]): void => {
    for (const value of values) {
      seen.push(typeof value === 'object' ? Buffer.from(value) : Buffer.from(String(value)))
    }
  }
  return {
    get calls() {
      return calls
    },
    get runs() {
      return runs
    },
    arguments: () => seen,
    name: store.name,
    start: () => store.start(),
    stop: () => store.stop(),
    ping: () => store.ping(),
    get: (key) => {
      calls += 1
      return store.get(key)
    },
    getMany: (keys) => {
      calls += 1
      return store.getMany(keys)
    },
    set: (key, value, options) => {
      calls += 1
      note(key, value)
      return store.set(key, value, options)
    },
    delete: (keys) => {
      calls += 1
      return store.delete(keys)
    },
    touch: (key, ttlMs) => {
      calls += 1
      return store.touch(key, ttlMs)
    },
    run: (procedure, keys, args) => {
      calls += 1
      runs += 1
      note(...keys, ...args)
      return store.run(procedure, keys, args)
    },
    confirm: () => store.confirm(),
    info: () => store.info(),
  }
}
