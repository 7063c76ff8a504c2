import { CliProcess } from './cli-process.ts'

export interface EngineProcess {
  readonly cli: CliProcess
  readonly port: number
}

/** `gerbang engine` on a free port of loopback, without save points; yours to stop. */
export async function startEngineProcess(): Promise<EngineProcess> {
  const cli = new CliProcess(['engine', '--port', '0', '--bind', '127.0.0.1', '--save', ''])
  const log = await cli.printed(/Ready to accept connections\n/)
  return { cli, port: Number(/port=(\d+)/.exec(log)?.[1]) }
}
