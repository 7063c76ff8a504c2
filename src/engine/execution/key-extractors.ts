import type { CommandArguments, KeyPositions } from './command-keys.ts'
import type { KeyFlag } from './key-spec.ts'

const READ: readonly KeyFlag[] = ['RO', 'access']
const OVERWRITE: readonly KeyFlag[] = ['OW', 'update']
const READ_AND_WRITE: readonly KeyFlag[] = ['RW', 'access', 'update']
const MOVE: readonly KeyFlag[] = ['RW', 'access', 'delete']

/** SET reads only with GET. */
export function setKeys({ argv, offset }: CommandArguments, keys: KeyPositions): void {
  for (let index = offset + 3; index < argv.count; index += 1) {
    if (argv.is(index, 'GET')) return keys.add(offset + 1, READ_AND_WRITE)
  }
  keys.add(offset + 1, OVERWRITE)
}

/** BITFIELD that only gets writes nothing; what it does not understand it may. */
export function bitfieldKeys({ argv, offset }: CommandArguments, keys: KeyPositions): void {
  for (let index = offset + 2; index < argv.count; ) {
    const following = argv.count - index - 1
    if (argv.is(index, 'GET') && following >= 2) index += 3
    else if (argv.is(index, 'OVERFLOW') && following >= 1) index += 2
    else return keys.add(offset + 1, READ_AND_WRITE)
  }
  keys.add(offset + 1, READ)
}

/** SORT_RO: what BY and GET read depends on the elements. */
export function sortRoKeys({ offset }: CommandArguments, keys: KeyPositions): void {
  keys.add(offset + 1, READ)
}

/** SORT: the last STORE counts. */
export function sortKeys({ argv, offset }: CommandArguments, keys: KeyPositions): void {
  keys.add(offset + 1, READ)
  let storeAt = 0
  for (let index = offset + 2; index < argv.count; index += 1) {
    if (argv.is(index, 'LIMIT')) index += 2
    else if (argv.is(index, 'GET') || argv.is(index, 'BY')) index += 1
    else if (argv.is(index, 'STORE') && index + 1 < argv.count) storeAt = index + 1
  }
  if (storeAt > 0) keys.add(storeAt, OVERWRITE)
}

/** MIGRATE: one key, or those after KEYS when that one is empty. */
export function migrateKeys({ argv, offset }: CommandArguments, keys: KeyPositions): void {
  const keyAt = offset + 3
  for (let index = offset + 6; index < argv.count; index += 1) {
    if (argv.is(index, 'KEYS')) {
      // A key and KEYS at once is a syntax error.
      if (argv.length(keyAt) > 0) return
      for (let each = index + 1; each < argv.count; each += 1) keys.add(each, MOVE)
      return
    }
    if (argv.is(index, 'AUTH')) index += 1
    else if (argv.is(index, 'AUTH2')) index += 2
  }
  keys.add(keyAt, MOVE)
}
