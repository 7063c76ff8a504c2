/** What the suite printed about one unit. */
export interface UnitLog {
  readonly passed: readonly string[]
  readonly failed: readonly FailedTest[]
  readonly ignored: number
  /** Whether the unit came to its end. */
  readonly isDone: boolean
  /** The first line of an exception outside of any test, which ends a unit. */
  readonly exception: string | undefined
  /** The test that was running when nothing moved any more. */
  readonly stalledIn: string | undefined
}

export interface FailedTest {
  readonly name: string
  /** What was expected and what came, as the suite tells it. */
  readonly detail: string
}

const LINE = /^\[(ok|err|ignore|exception)\]: (.*)$/
const TIMING = / \(\d+ ms\)$/
const FILE = / in tests\/\S+\.tcl$/
const IN_PROGRESS = /^.* => \(IN PROGRESS\) (.*)$/m
const DONE = /^\[\d+\/\d+ done\]: /m
const TIMEOUT = /^\[TIMEOUT\]/m
/** The suite repeats its failures at the end. */
const SUMMARY = /^!!! WARNING .*$/m

/** Whether the suite came as far as to start a unit. */
export function hasStarted(text: string): boolean {
  return /^Testing /m.test(text)
}

export function parseUnitLog(text: string): UnitLog {
  const lines = (text.split(SUMMARY)[0] ?? '').split('\n')
  const passed: string[] = []
  const failed: FailedTest[] = []
  let ignored = 0
  let exception: string | undefined
  for (const [index, line] of lines.entries()) {
    const [, status, said = ''] = LINE.exec(line) ?? []
    if (status === 'ok') passed.push(said.replace(TIMING, ''))
    if (status === 'err') {
      failed.push({ name: said.replace(FILE, ''), detail: (lines[index + 1] ?? '').trim() })
    }
    if (status === 'ignore') ignored += 1
    if (status === 'exception') exception = `${said} ${lines[index + 1] ?? ''}`.trim()
  }
  const stalledIn = TIMEOUT.test(text) ? (IN_PROGRESS.exec(text)?.[1] ?? '') : undefined
  return { passed, failed, ignored, exception, stalledIn, isDone: DONE.test(text) }
}
