import type { RoleModel } from '../permissions.ts'
import type { Session } from '../session.ts'
import { identifier, type Sql } from './fragment.ts'

/** What the compilation of one statement shares: who asks, and names not used yet. */
export class Scope {
  readonly role: RoleModel
  readonly session: Session
  #aliases = 0

  constructor(role: RoleModel, session: Session) {
    this.role = role
    this.session = session
  }

  /** A table alias that no other part of the statement has. */
  alias(): Sql {
    this.#aliases += 1
    return identifier(`t${this.#aliases}`)
  }
}
