import type { Command } from '../execution/command.ts'
import type { Fields, InfoSources } from './info-sources.ts'

/** Commands that were called, and those that were refused. */
export function commandFields({ services }: InfoSources): Fields {
  return all(services().commands.commands)
    .filter(({ calls, failedCalls, rejectedCalls }) => calls + failedCalls + rejectedCalls > 0)
    .map((command) => {
      const usec = Math.round(command.durationMs * 1_000)
      const each = command.calls === 0 ? 0 : usec / command.calls
      const value = `calls=${command.calls},usec=${usec},usec_per_call=${each.toFixed(2)},rejected_calls=${command.rejectedCalls},failed_calls=${command.failedCalls}`
      return [`cmdstat_${safeName(command.fullName)}`, value] as const
    })
}

/** How long calls took, at latency-tracking-info-percentiles; nothing while latency-tracking is off. */
export function latencyFields({ config, services }: InfoSources): Fields {
  if (config.value('latency-tracking') === 'no') return []
  const percentiles = config
    .value('latency-tracking-info-percentiles')
    .split(' ')
    .filter((word) => word !== '')
  return all(services().commands.commands)
    .filter((command) => command.hasHistogram)
    .map(({ fullName, histogram }) => {
      const values = percentiles.map((percent) => {
        const usec = histogram.percentileNs(Number(percent)) / 1_000
        return `p${Number(percent)}=${usec.toFixed(3)}`
      })
      return [`latency_percentiles_usec_${safeName(fullName)}`, values.join(',')] as const
    })
}

export function errorFields({ executor }: InfoSources): Fields {
  return [...executor().stats.errorsByCode]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([code, count]) => [`errorstat_${safeName(code)}`, `count=${count}`] as const)
}

function all(commands: readonly Command[]): readonly Command[] {
  return commands.flatMap((command) => [command, ...command.subcommands])
}

/** A name that cannot be taken for the end of one, or of a line. */
function safeName(name: string): string {
  return name.replaceAll(/[#:\n\r]/g, '_')
}
