import { closeSync, fsyncSync, openSync } from 'node:fs'

/** A name that was given or taken is on the disk only when its directory is. */
export function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
