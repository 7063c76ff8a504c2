import { resolve } from 'node:path'
import type { EngineOptions } from '../engine-options.ts'
import { replyErrors, rewriteFailed } from '../protocol/reply-errors.ts'
import { DirectiveError } from '../runtime-config/directive-line.ts'
import { rewriteConfFile } from '../runtime-config/rewrite-file.ts'
import { RuntimeConfig } from '../runtime-config/runtime-config.ts'
import type { EngineParts } from './parts.ts'

/** An engine within another program. */
const NO_SAVE_POINTS = { name: 'save', words: [''] }

/** What keeps data on disk, and what switches it off. */
const PERSISTENT = [
  ['save', ''],
  ['appendonly', 'no'],
] as const

/** Throws a DirectiveError for what redis-server would refuse, or an engine that keeps nothing on disk cannot do. */
export function readConfig(options: EngineOptions): RuntimeConfig {
  const { configuration, directives, isPersistent = false } = options
  const config = new RuntimeConfig([
    ...(isPersistent ? [] : [NO_SAVE_POINTS]),
    ...(configuration?.directives ?? []),
    ...Object.entries(directives ?? {}).map(([name, value]) => ({ name, words: [value] })),
  ])
  for (const [name, off] of PERSISTENT) {
    if (isPersistent || config.value(name) === off) continue
    throw new DirectiveError(`'${name}': ${replyErrors.disabledReason}`)
  }
  return config
}

/** CONFIG REWRITE: the error's text when redis.conf could not be written. `isWhole`: with every default value, too. */
export function rewriteConfig(
  { acl, config, options }: EngineParts,
  isWhole: boolean,
): string | undefined {
  const { configuration, log } = options
  const path = configuration?.path
  if (path === undefined) return replyErrors.noConfigFile
  try {
    const users = config.value('aclfile') === '' ? acl.userLines() : undefined
    rewriteConfFile({ path: resolve(path), config, users, isWhole })
    log.warn({}, 'CONFIG REWRITE executed with success.')
    return undefined
  } catch (error) {
    log.warn({ err: error }, 'CONFIG REWRITE failed')
    return rewriteFailed(error instanceof Error ? error.message : String(error))
  }
}
