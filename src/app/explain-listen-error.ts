import { configSections } from '../config/index.ts'
import type { Startable } from '../shared/lifecycle.ts'

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use',
  EACCES: 'may not be listened on by this user',
  EADDRNOTAVAIL: 'is not on an address of this machine',
}

/** `part`, whose failure to listen names the option to change: `path` in the configuration. */
export function explainListenError(part: Startable, path: string, port: number): Startable {
  return {
    name: part.name,
    stop: () => part.stop(),
    start: async () => {
      try {
        await part.start()
      } catch (error) {
        const reason = REASONS[codeOf(error)]
        if (reason === undefined) throw error
        throw new Error(`${path}: port ${port} ${reason}; choose another with ${waysToSet(path)}`, {
          cause: error,
        })
      }
    },
  }
}

function waysToSet(path: string): string {
  const rows = configSections().flatMap((section) => section.options)
  const row = rows.find((candidate) => candidate.path === path)
  const flag = row?.flag === undefined ? [] : [`--${row.flag}`]
  return [...flag, ...(row?.env ?? []).map(({ name }) => name)].join(' or ')
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
