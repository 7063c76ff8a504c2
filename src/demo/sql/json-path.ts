import { RequestError } from '../errors.ts'
import { toArray } from './value.ts'

const STEP = /\.?([A-Za-z_$][\w$-]*)|\[(\d+)\]|\[(?:"([^"]*)"|'([^']*)')\]/y

/** The `path` argument of a JSON column (`$.dimensions.w`, `tags[0]`) as a Postgres `text[]`. */
export function jsonPath(path: string, errorPath: string): string {
  const steps: string[] = []
  const pattern = new RegExp(STEP)
  pattern.lastIndex = path.startsWith('$') ? 1 : 0
  while (pattern.lastIndex < path.length) {
    const match = pattern.exec(path)
    if (match === null) {
      throw new RequestError('parse-failed', `parse json path error: ${path}`, errorPath)
    }
    steps.push(match[1] ?? match[2] ?? match[3] ?? match[4] ?? '')
  }
  return toArray(steps, 'text')
}
