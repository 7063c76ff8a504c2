/**
 * Loaded into a process before everything else: a flush of the disk takes as long as the file GERBANG_SLOW_SYNC is
 * there; `.entered` beside it says that one has begun.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const NAP_MS = 5
const path = process.env.GERBANG_SLOW_SYNC
const isSlow = () => fs.existsSync(path)
const enter = () => fs.writeFileSync(`${path}.entered`, '')

const syncNow = fs.fdatasyncSync
fs.fdatasyncSync = (descriptor) => {
  if (isSlow()) enter()
  while (isSlow()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, NAP_MS)
  syncNow(descriptor)
}

const syncBehind = fs.fdatasync
fs.fdatasync = (descriptor, done) => {
  if (!isSlow()) return syncBehind(descriptor, done)
  enter()
  const wait = setInterval(() => {
    if (isSlow()) return
    clearInterval(wait)
    syncBehind(descriptor, done)
  }, NAP_MS)
}

syncBuiltinESMExports()
