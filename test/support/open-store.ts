import { Engine } from '../../src/engine/index.ts'
import type { Clock } from '../../src/shared/clock.ts'
import { seededRandom } from '../../src/shared/random.ts'
import { EmbeddedStore } from '../../src/store/index.ts'

/** A store on an engine of its own, in time as told by `clock`. Nothing to stop: no timer runs. */
export function openStore(clock: Clock): EmbeddedStore {
  const engine = new Engine({ clock, random: seededRandom(1) })
  return new EmbeddedStore(engine.client())
}
