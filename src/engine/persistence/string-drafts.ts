import type { Database, Handle } from '../keyspace/database.ts'
import { HandleList } from '../memory/handle-list.ts'
import { NONE } from '../memory/slab.ts'
import type { RdbInput } from './rdb-input.ts'

/** Strings that have been read and that no lookup finds yet: they enter their database together, which is quicker. */
export class StringDrafts {
  readonly #input: RdbInput
  readonly #records = new HandleList()

  constructor(input: RdbInput) {
    this.#input = input
  }

  get count(): number {
    return this.#records.count
  }

  /** Reads the string that comes next to where it is to stay. One that is damaged leaves nothing. `expiresAtMs`: an instant, or NO_EXPIRY. */
  read(database: Database, key: Uint8Array, length: number, expiresAtMs: number): Handle {
    const input = this.#input
    input.openString()
    const draft = database.draftString(key, 0, length, input.size, expiresAtMs)
    try {
      input.writeString(database.view(draft), database.valueStart(draft))
    } catch (error) {
      database.dropDraft(draft)
      throw error
    }
    this.#records.push(draft)
    return draft
  }

  /** All that were read enter the database they were read for. One that took the place of another key, or NONE. */
  enter(database: Database): Handle {
    const records = this.#records
    let replacing = NONE
    database.foresee(records)
    for (let index = 0; index < records.count; index += 1) {
      const record = records.at(index)
      if (!database.enterDraft(record)) replacing = record
    }
    records.clear()
    return replacing
  }
}
