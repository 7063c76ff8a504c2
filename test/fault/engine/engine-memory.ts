import { readFileSync } from 'node:fs'

/** What a process holds of the machine's memory, from Linux' /proc. */
export function rssBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) * 1_024
}

/** How many files this process, and one that it starts, may have open. */
export function openFilesMax(): number {
  const limits = readFileSync('/proc/self/limits', 'latin1')
  return Number(/^Max open files\s+\d+\s+(\d+)/m.exec(limits)?.[1])
}
