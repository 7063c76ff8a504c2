import type { MemoryStat } from '../introspection/memory-use.ts'

const LITTLE_BYTES = 5 * 1_024 ** 2
const EXCESS_BYTES = 10 * 1_024 ** 2
const CLIENT_BYTES = 200 * 1_024

const NOTHING_FOUND =
  "Hi Sam, I can't find any memory issue in your instance. I can only account for what occurs on this base.\n"
const NEARLY_EMPTY =
  "Hi Sam, this instance is empty or is using very little memory, my issues detector can't be used in these conditions. Please, leave for your mission on Earth and fill it with some data. The new Sam and I will be back to our programming as soon as I finished rebooting.\n"
const FOUND = 'Sam, I detected a few issues in this Redis instance memory implants:\n\n'
const END = "I'm here to keep you safe, Sam. I want to help you.\n"

/** MEMORY DOCTOR, from the figures of MEMORY STATS: the limits are Redis' (object.c, getMemoryDoctorReport). */
export function memoryReport(stats: readonly MemoryStat[], clientCount: number): string {
  const figures = new Map(stats.map(([name, kind, value]) => [name, kind === 'map' ? 0 : value]))
  const figure = (name: string): number => figures.get(name) ?? 0
  const allocated = figure('total.allocated')
  if (allocated < LITTLE_BYTES) return NEARLY_EMPTY
  const issues: string[] = []
  if (figure('peak.allocated') / allocated > 1.5) {
    issues.push(
      'Peak memory: once more than 150% of what is used now was used. Pages that are empty have been given back; those that are not are filled up before new ones are taken.',
    )
  }
  if (figure('fragmentation') > 1.4 && figure('fragmentation.bytes') > EXCESS_BYTES) {
    issues.push(
      'High total RSS: the process holds more than 1.4 times what keys and buffers take. It also is Node.js and what runs in it; the larger the data, the less that matters.',
    )
  }
  const isFragmented =
    figure('allocator-fragmentation.ratio') > 1.1 &&
    figure('allocator-fragmentation.bytes') > EXCESS_BYTES
  if (isFragmented) {
    issues.push(
      'High allocator fragmentation: pages are held for a few blocks each. That comes of deleting many keys, and goes when new ones fill the pages.',
    )
  }
  if (figure('clients.normal') / Math.max(1, clientCount) > CLIENT_BYTES) {
    issues.push(
      "Big client buffers: on average clients leave more than 200kb unread or unsent. 'CLIENT LIST' tells which, 'client-output-buffer-limit' ends them.",
    )
  }
  if (issues.length === 0) return NOTHING_FOUND
  return `${FOUND}${issues.map((issue) => ` * ${issue}\n\n`).join('')}${END}`
}
