import { cpus, totalmem } from 'node:os'

/** What numbers depend on: processor, memory, system and Node. */
export function describeMachine(): string {
  const [cpu] = cpus()
  const memoryGib = (totalmem() / 1_024 ** 3).toFixed(0)
  const cores = `${cpus().length} x ${cpu?.model.trim() ?? 'unknown processor'}`
  return `${cores}, ${memoryGib} GiB, ${process.platform} ${process.arch}, Node ${process.version}`
}
