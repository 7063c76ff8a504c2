import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { ENGINE_MAIN } from '../server-process.ts'

/** What the suite starts by itself, as `src/NAME`. */
const TOOLS = ['redis-cli', 'redis-benchmark', 'redis-check-rdb', 'redis-check-aof']

/** The suite's output is read after the end of a process that may have been killed: no line may wait in a buffer. */
const START = [
  'fconfigure stdout -buffering line',
  'set argv0 tests/test_helper.tcl',
  'source tests/test_helper.tcl',
].join('\n')

export interface Workspace {
  readonly folder: string
  /** The file for tclsh to run. */
  readonly script: string
  remove(): void
}

/** A copy of the suite for one run: it writes into its own folder, and two runs at once must not meet. */
export function createWorkspace(source: string): Workspace {
  const folder = mkdtempSync(join(tmpdir(), 'gerbang-suite-'))
  cpSync(join(source, 'tests'), join(folder, 'tests'), { recursive: true })
  mkdirSync(join(folder, 'tests/tmp'), { recursive: true })
  mkdirSync(join(folder, 'src'))
  for (const tool of TOOLS) symlinkSync(pathOf(tool), join(folder, 'src', tool))
  for (const name of ['redis.conf', 'utils']) {
    if (existsSync(join(source, name)))
      cpSync(join(source, name), join(folder, name), { recursive: true })
  }
  // What the suite starts where it starts servers by itself.
  const engine = `#!/bin/sh\nexec '${process.execPath}' '${ENGINE_MAIN}' engine "$@"\n`
  writeFileSync(join(folder, 'src/redis-server'), engine, { mode: 0o755 })
  const script = join(folder, 'start.tcl')
  writeFileSync(script, START)
  return { folder, script, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** A link to a file that is not there fails where the tool is used: in that test only. */
function pathOf(tool: string): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return (
    folders.map((folder) => join(folder, tool)).find((path) => existsSync(path)) ??
    join('/usr/bin', tool)
  )
}
