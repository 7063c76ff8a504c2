import type { Awaitable } from '../../shared/awaitable.ts'

/** What the store keeps of a session, written once and then read on every request. */
export interface SessionRecord {
  readonly token: string
  readonly userId: string | undefined
  readonly role: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly userAgent: string | undefined
}

export interface SessionStore {
  create(record: Omit<SessionRecord, 'createdAtMs'>): Awaitable<string>
  read(id: string): Awaitable<SessionRecord | undefined>
  delete(id: string): Awaitable<boolean>
}
