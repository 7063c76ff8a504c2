import { TwoGenerationMap } from '../../shared/two-generation-map.ts'
import { epochKey } from '../keys.ts'
import type { Tag } from '../metadata/plan.ts'

/**
 * The store's keys of tags, one Buffer for all targets that depend on a tag: what every hit reads stays in the
 * processor's cache.
 */
export class EpochKeys {
  readonly #keys: TwoGenerationMap<Tag, Buffer>

  constructor(entriesMax: number) {
    this.#keys = new TwoGenerationMap(entriesMax)
  }

  readonly of = (tag: Tag): Buffer => {
    let key = this.#keys.get(tag)
    if (key === undefined) {
      key = epochKey(tag)
      this.#keys.set(tag, key)
    }
    return key
  }
}
