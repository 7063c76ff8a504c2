import type { StoredSession } from './session-record.ts'

/** A session as its user and administrators see it. */
export interface SessionView {
  readonly id: string
  readonly role: string
  readonly userId: string | null
  readonly createdAt: string
  readonly lastSeenAt: string
  readonly expiresAt: string
}

/** One of a list. */
export interface ListedSession extends SessionView {
  /** Its User-Agent header at login. */
  readonly device: string | null
  /** The one that asks. */
  readonly isCurrent: boolean
}

export function describeSession({ record, state }: StoredSession): SessionView {
  return {
    id: record.id,
    role: record.role,
    userId: record.userId ?? null,
    createdAt: new Date(record.createdAtMs).toISOString(),
    lastSeenAt: new Date(state.lastSeenAtMs).toISOString(),
    expiresAt: new Date(record.expiresAtMs).toISOString(),
  }
}

export function describeSessions(
  sessions: readonly StoredSession[],
  currentId: string | undefined,
): readonly ListedSession[] {
  return sessions.map((session) => ({
    ...describeSession(session),
    device: session.record.userAgent ?? null,
    isCurrent: session.record.id === currentId,
  }))
}
