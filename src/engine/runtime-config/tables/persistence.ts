import { savePoints } from '../compound-types.ts'
import type { Directive } from '../directive.ts'
import { directory } from '../directory-type.ts'
import { boolean, checkedText, integer, memory, oneOf } from '../simple-types.ts'
import { INT_MAX, INT_MIN, LONG_MAX } from './bounds.ts'

const delay = integer({ min: INT_MIN, max: INT_MAX })

/** Files of the data set. */
export const PERSISTENCE_DIRECTIVES: readonly Directive[] = [
  {
    name: 'dir',
    type: directory,
    defaultValue: '.',
    isProtected: true,
    isDeniedWhileLoading: true,
  },
  {
    name: 'dbfilename',
    type: checkedText((name) => pathError(name, "dbfilename can't be a path, just a filename")),
    defaultValue: 'dump.rdb',
    isProtected: true,
  },
  { name: 'save', type: savePoints, defaultValue: '3600 1 300 100 60 10000' },
  { name: 'rdbcompression', type: boolean, defaultValue: 'yes' },
  { name: 'rdbchecksum', type: boolean, defaultValue: 'yes', isImmutable: true },
  { name: 'rdb-del-sync-files', type: boolean, defaultValue: 'no' },
  { name: 'rdb-save-incremental-fsync', type: boolean, defaultValue: 'yes' },
  { name: 'stop-writes-on-bgsave-error', type: boolean, defaultValue: 'yes' },
  { name: 'sanitize-dump-payload', type: oneOf(['no', 'yes', 'clients']), defaultValue: 'no' },
  { name: 'rdb-key-save-delay', type: delay, defaultValue: '0', isHidden: true },
  { name: 'key-load-delay', type: delay, defaultValue: '0', isHidden: true },
  {
    name: 'loading-process-events-interval-bytes',
    type: integer({ min: 1_024n, max: INT_MAX }),
    defaultValue: '2097152',
    isHidden: true,
  },
  {
    name: 'appendonly',
    type: boolean,
    defaultValue: 'no',
    isDeniedWhileLoading: true,
  },
  {
    name: 'appendfilename',
    type: checkedText((name) =>
      name === ''
        ? "appendfilename can't be empty"
        : pathError(name, "appendfilename can't be a path, just a filename"),
    ),
    defaultValue: 'appendonly.aof',
    isImmutable: true,
  },
  {
    name: 'appenddirname',
    type: checkedText((name) =>
      name === ''
        ? "appenddirname can't be empty"
        : pathError(name, "appenddirname can't be a path, just a dirname"),
    ),
    defaultValue: 'appendonlydir',
    isImmutable: true,
  },
  { name: 'appendfsync', type: oneOf(['everysec', 'always', 'no']), defaultValue: 'everysec' },
  { name: 'no-appendfsync-on-rewrite', type: boolean, defaultValue: 'no' },
  {
    name: 'auto-aof-rewrite-percentage',
    type: integer({ min: 0n, max: INT_MAX }),
    defaultValue: '100',
  },
  {
    name: 'auto-aof-rewrite-min-size',
    type: memory({ min: 0n, max: LONG_MAX }),
    defaultValue: '67108864',
  },
  { name: 'aof-load-truncated', type: boolean, defaultValue: 'yes' },
  { name: 'aof-use-rdb-preamble', type: boolean, defaultValue: 'yes' },
  { name: 'aof-timestamp-enabled', type: boolean, defaultValue: 'no' },
  { name: 'aof-rewrite-incremental-fsync', type: boolean, defaultValue: 'yes' },
  { name: 'aof-disable-auto-gc', type: boolean, defaultValue: 'no' },
]

function pathError(name: string, error: string): string | undefined {
  return /[/\\]/.test(name) ? error : undefined
}
