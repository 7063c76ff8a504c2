import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The path of a program that a test needs, when it is installed. */
export function findTool(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

/** In CI a test may not be skipped for want of a tool: the run must say so. */
export function requireToolInCi(name: string): void {
  const isMissing = findTool(name) === undefined
  if (isMissing && process.env['CI'] !== undefined) throw new Error(`${name} is not installed`)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
