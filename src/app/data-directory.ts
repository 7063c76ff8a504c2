import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Startable } from '../shared/lifecycle.ts'
import type { Logger } from '../shared/logger.ts'
import { DirectoryLock } from './directory-lock.ts'
import { removeRunRecord } from './run-record.ts'

const OWNER_ONLY = 0o700
const ANYBODY_ELSE = 0o077

/** `engine.data_dir`, with a folder for each engine; of one gateway alone from its start to its stop. */
export class DataDirectory implements Startable {
  readonly name = 'data directory'
  readonly #path: string
  readonly #log: Logger
  readonly #lock: DirectoryLock

  constructor(path: string, log: Logger) {
    this.#path = resolve(path)
    this.#log = log
    this.#lock = new DirectoryLock(this.#path)
  }

  /** The folder of one engine, which is there when it returns. */
  folder(name: string): string {
    const path = join(this.#path, name)
    try {
      mkdirSync(path, { recursive: true, mode: OWNER_ONLY })
    } catch (error) {
      throw dataDirectoryError(`cannot be used: ${reasonOf(error)}`, error)
    }
    return path
  }

  async start(): Promise<void> {
    if (!(await this.#lock.acquire())) {
      throw dataDirectoryError(`${this.#path} is in use by another gateway; each needs its own`)
    }
    const { mode } = statSync(this.#path)
    if ((mode & ANYBODY_ELSE) === 0) return
    const permissions = (mode & 0o777).toString(8)
    this.#log.warn(
      { directory: this.#path, permissions },
      'other users of this machine may look into engine.data_dir, which holds answers: chmod 700',
    )
  }

  async stop(): Promise<void> {
    await this.#lock.release()
  }
}

/** A directory that is named, and not kept up to date: what is in it must not be taken for complete later on. */
export class UnusedDataDirectory implements Startable {
  readonly name = 'unused data directory'
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  start(): Promise<void> {
    const folders = existsSync(this.#path) ? readdirSync(this.#path, { withFileTypes: true }) : []
    for (const entry of folders) {
      if (entry.isDirectory()) removeRunRecord(join(this.#path, entry.name))
    }
    return Promise.resolve()
  }

  stop(): Promise<void> {
    return Promise.resolve()
  }
}

export function dataDirectoryError(message: string, cause?: unknown): Error {
  return new Error(`engine.data_dir: ${message}`, { cause })
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
