import { readdirSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Server } from 'node:net'
import { join } from 'node:path'

const NAME = /^lock-(\d+)$/
/** Others that want it at the same time, one of which was faster each time. */
const ATTEMPTS_MAX = 10

/**
 * Keeps a directory to one process of a machine: a socket in it that somebody listens on. A file with a process id in it
 * would outlive a process that was killed, and means nothing in another container; a socket whose process is gone
 * refuses connections, in all of them.
 *
 * Who finds none that answers listens on one with the next number, which only one can, and looks again: of two that hold
 * different numbers the later one sees the other. So one that is alive is never taken away.
 */
export class DirectoryLock {
  readonly #directory: string
  #server: Server | undefined

  constructor(directory: string) {
    this.#directory = directory
  }

  /** False when another process has it. Rejects when the file system knows no sockets. */
  async acquire(): Promise<boolean> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const found = this.#numbers()
      if (await this.#isAnswered(found)) return false
      const number = Math.max(0, ...found) + 1
      this.#server = await listen(this.#pathOf(number))
      if (this.#server === undefined) continue
      const others = this.#numbers().filter((other) => other !== number)
      if (await this.#isAnswered(others)) {
        await this.release()
        return false
      }
      for (const gone of others) rmSync(this.#pathOf(gone), { force: true })
      return true
    }
    return false
  }

  async release(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    await new Promise((resolve) => {
      server.close(resolve)
    })
  }

  #numbers(): readonly number[] {
    return readdirSync(this.#directory, { withFileTypes: true }).flatMap((entry) => {
      const [, digits] = NAME.exec(entry.name) ?? []
      return digits !== undefined && entry.isSocket() ? [Number(digits)] : []
    })
  }

  async #isAnswered(numbers: readonly number[]): Promise<boolean> {
    const answers = await Promise.all(numbers.map((number) => isAnswered(this.#pathOf(number))))
    return answers.includes(true)
  }

  #pathOf(number: number): string {
    return join(this.#directory, `lock-${number}`)
  }
}

/** `undefined` when there is something already. */
async function listen(path: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy())
  return await new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if ('code' in error && error.code === 'EADDRINUSE') resolve(undefined)
      else reject(error)
    })
    server.listen(path, () => {
      // Of itself it keeps no process alive.
      server.unref()
      resolve(server)
    })
  })
}

const GONE: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOENT'])

async function isAnswered(path: string): Promise<boolean> {
  const socket = createConnection(path)
  try {
    return await new Promise((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', (error) => {
        // Anything else, such as a socket of another user, may well be in use.
        resolve(!('code' in error && GONE.has(String(error.code))))
      })
    })
  } finally {
    socket.destroy()
  }
}
