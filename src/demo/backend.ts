import { isDeepStrictEqual } from 'node:util'
import type { Logger } from '../shared/logger.ts'
import { type Catalog, readCatalog } from './catalog.ts'
import type { DemoDatabase, ScriptResult } from './database.ts'
import { RequestError } from './errors.ts'
import {
  dropTriggers,
  installTriggers,
  prepareEventLog,
  restoreTriggers,
} from './events/trigger-sql.ts'
import { Executor } from './execute.ts'
import type { DemoMetadata, EventTrigger, QualifiedName } from './metadata.ts'
import { buildModel } from './model.ts'

export interface BackendOptions {
  readonly database: DemoDatabase
  readonly metadata: DemoMetadata
  readonly log: Logger
}

/** Database, metadata and the schema made of both, which change together. */
export class Backend {
  readonly database: DemoDatabase
  readonly metadata: DemoMetadata
  readonly executor: Executor
  /** Called after the metadata or the tables have changed. */
  onChange: () => void = () => undefined
  #catalog: Catalog

  private constructor({ database, metadata, log }: BackendOptions, catalog: Catalog) {
    this.database = database
    this.metadata = metadata
    this.#catalog = catalog
    this.executor = new Executor({ database, metadata, catalog, log })
  }

  static async open(options: BackendOptions): Promise<Backend> {
    const { database, metadata } = options
    await database.transaction(async (transaction) => {
      await prepareEventLog(transaction)
      await restoreTriggers(transaction, metadata.eventTriggers)
    })
    return new Backend(options, await readCatalog(database))
  }

  get catalog(): Catalog {
    return this.#catalog
  }

  /** A script that would leave tracked tables without what metadata says of them is undone. */
  async runSql(script: string, readOnly: boolean): Promise<ScriptResult> {
    if (readOnly) return await this.database.runScript(script, { readOnly })
    let catalog = this.#catalog
    const result = await this.database.runScript(script, {
      readOnly,
      check: async (transaction) => {
        catalog = await readCatalog(transaction)
        requireConsistent(this.metadata, catalog)
        await restoreTriggers(transaction, this.metadata.eventTriggers)
      },
    })
    if (!isDeepStrictEqual(catalog, this.#catalog)) this.#replace(catalog)
    return result
  }

  /** Reads the tables again, whoever changed them. */
  async reload(): Promise<void> {
    const catalog = await readCatalog(this.database)
    requireConsistent(this.metadata, catalog)
    this.#replace(catalog)
  }

  async addEventTrigger(table: QualifiedName, trigger: EventTrigger): Promise<void> {
    await this.database.transaction(async (transaction) => {
      await installTriggers(transaction, table, trigger)
    })
    this.metadata.addEventTrigger(table, trigger)
    this.onChange()
  }

  async removeEventTrigger(name: string): Promise<void> {
    await this.database.transaction(async (transaction) => {
      await dropTriggers(transaction, name)
    })
    this.metadata.removeEventTrigger(name)
    this.onChange()
  }

  #replace(catalog: Catalog): void {
    this.#catalog = catalog
    this.executor.reload(catalog)
    this.metadata.touch()
    this.onChange()
  }
}

function requireConsistent(metadata: DemoMetadata, catalog: Catalog): void {
  try {
    buildModel(metadata, catalog)
  } catch (error) {
    const why = error instanceof Error ? error.message : 'metadata is inconsistent'
    throw new RequestError('dependency-error', `cannot leave metadata behind: ${why}`, '$', {
      cause: error,
    })
  }
}
