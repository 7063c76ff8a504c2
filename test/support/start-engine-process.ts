import { CliProcess } from './cli-process.ts'

export interface EngineProcess {
  readonly cli: CliProcess
  readonly port: number
}

/** `gerbang engine` on a free port of loopback, without save points; yours to stop. */
export async function startEngineProcess(
  directives: readonly string[] = [],
): Promise<EngineProcess> {
  const quiet = ['--port', '0', '--bind', '127.0.0.1', '--save', '']
  const cli = new CliProcess(['engine', ...quiet, ...directives])
  const log = await cli.printed(/Ready to accept connections\n/)
  return { cli, port: Number(/port=(\d+)/.exec(log)?.[1]) }
}
