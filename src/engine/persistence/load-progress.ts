/** How far loading has come: INFO's loading fields. */
export interface LoadProgress {
  readonly startedMs: number
  readonly totalBytes: number
  loadedBytes: number
}

export function progressFields(
  { startedMs, totalBytes, loadedBytes }: LoadProgress,
  nowMs: number,
): readonly (readonly [name: string, value: string | number])[] {
  const elapsedSeconds = (nowMs - startedMs) / 1_000
  const percent = totalBytes === 0 ? 100 : (loadedBytes / totalBytes) * 100
  const left = Math.max(0, totalBytes - loadedBytes)
  const etaSeconds = loadedBytes === 0 ? 1 : Math.round((elapsedSeconds * left) / loadedBytes)
  return [
    ['loading_start_time', Math.floor(startedMs / 1_000)],
    ['loading_total_bytes', totalBytes],
    ['loading_rdb_used_mem', 0],
    ['loading_loaded_bytes', loadedBytes],
    ['loading_loaded_perc', percent.toFixed(2)],
    ['loading_eta_seconds', etaSeconds],
  ]
}
