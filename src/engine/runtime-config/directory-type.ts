import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { quoteArgument } from '../protocol/inline-arguments.ts'
import type { DirectiveType, ReadValue } from './directive.ts'

/**
 * A directory that is there, told by its whole path. The process does not change into it: other engines and
 * the gateway live here, too.
 */
export const directory: DirectiveType = {
  syntax: 'directory',
  isMultiple: false,
  read: ([path = '']) => readDirectory(path),
  lines: (value) => [quoteArgument(value)],
}

function readDirectory(path: string): ReadValue {
  const stats = statSync(path === '' ? '.' : path, { throwIfNoEntry: false })
  if (stats === undefined || path === '') return { error: 'No such file or directory' }
  return stats.isDirectory() ? { value: resolve(path) } : { error: 'Not a directory' }
}
