import { integerArgument } from '../execution/arguments.ts'
import type { CommandContext } from '../execution/context.ts'
import { splitArguments } from '../protocol/inline-arguments.ts'
import {
  replicaAddressTooLong,
  replyErrors,
  unknownReplconfOption,
  unsupportedCopyFilter,
} from '../protocol/reply-errors.ts'
import type { ReplicaSettings } from './replica-feed.ts'

/** NI_MAXHOST, which Redis takes for what an address can be. */
const ADDRESS_BYTES_MAX = 256

export interface ReplconfTargets {
  settings(): ReplicaSettings
  acknowledge(offset: number): void
  /** The primary asks how far this replica is. */
  sendAcknowledgement(): void
}

/** REPLCONF: what a replica says of itself, one option after the other (replication.c, replconfCommand). */
export function replconf({ argv, reply }: CommandContext, targets: ReplconfTargets): void {
  if (argv.count % 2 === 0) return reply.error(replyErrors.syntax)
  const settings = targets.settings()
  for (let at = 1; at < argv.count; at += 2) {
    // Neither is ever answered.
    if (argv.is(at, 'ACK')) {
      const offset = integerArgument(argv, at + 1)
      if (!Number.isNaN(offset)) targets.acknowledge(offset)
      return
    }
    if (argv.is(at, 'GETACK')) return targets.sendAcknowledgement()
    const error = configure(settings, argv, at)
    if (error !== undefined) return reply.error(error)
  }
  reply.simple('OK')
}

/** The error's text when the option, or its value, is none. */
function configure(
  settings: ReplicaSettings,
  argv: CommandContext['argv'],
  at: number,
): string | undefined {
  switch (argv.latin1(at).toLowerCase()) {
    case 'listening-port': {
      const port = integerArgument(argv, at + 1)
      if (Number.isNaN(port)) return replyErrors.notInteger
      settings.port = port
      return undefined
    }
    case 'ip-address': {
      const length = argv.length(at + 1)
      if (length >= ADDRESS_BYTES_MAX) return replicaAddressTooLong(length)
      settings.address = argv.latin1(at + 1)
      return undefined
    }
    case 'capa':
      if (argv.is(at + 1, 'EOF')) settings.takesEndMark = true
      else if (argv.is(at + 1, 'PSYNC2')) settings.takesNewId = true
      return undefined
    case 'rdb-only': {
      const value = integerArgument(argv, at + 1)
      if (Number.isNaN(value)) return replyErrors.notInteger
      if (value !== 0 && value !== 1) return replyErrors.notZeroOrOne
      settings.isCopyOnly = value === 1
      return undefined
    }
    case 'rdb-filter-only':
      return filterCopy(settings, argv.latin1(at + 1))
    default:
      return unknownReplconfOption(argv.latin1(at))
  }
}

/** Names what the copy holds; an empty list leaves it empty. */
function filterCopy(settings: ReplicaSettings, text: string): string | undefined {
  const filters = splitArguments(text)
  if (filters === undefined) return replyErrors.copyFilterMissing
  settings.copiesKeys = false
  settings.copiesFunctions = false
  for (const filter of filters) {
    if (filter.toLowerCase() !== 'functions') return unsupportedCopyFilter(filter)
    settings.copiesFunctions = true
  }
  return undefined
}
