/** What commands about files on disk answer, in the words of Redis 7.0. */
export const persistenceErrors = {
  failed: 'ERR',
  saveInProgress: 'ERR Background save already in progress',
  otherInProgress:
    "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.",
  rewriteInProgress: 'ERR Background append only file rewriting already in progress',
  rewriteFailed:
    "ERR Can't execute an AOF background rewriting. Please check the server logs for more information.",
  reloadOptions: 'ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.',
  reloadFailed: 'ERR Error trying to load the RDB dump, check server logs.',
  logReloadFailed: 'ERR Error trying to load the AOF files, check server logs.',
  cannotSave:
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.",
  /** Not Redis': an engine within another program leaves files alone unless it is told otherwise. */
  disabled: 'ERR this engine keeps nothing on disk',
  disabledReason: 'this engine keeps nothing on disk',
} as const

export function cannotAppend(reason: string): string {
  return `MISCONF Errors writing to the AOF file: ${reason}`
}
