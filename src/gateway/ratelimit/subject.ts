import { createHash } from 'node:crypto'
import type { Identity } from '../identity/identity.ts'
import { addressBlock } from './client-ip.ts'
import type { SubjectPart } from './subject-part.ts'

/** Whom a rule counts together. */
export interface SubjectName {
  /** For people to read: `user 42`, `role manager, ip 192.0.2.1`. Holds no secret. */
  readonly label: string
  /** Equal for the same subject and no other: each part has its type and its length. */
  readonly id: string
}

/** What a subject is told from. */
export interface SubjectSource {
  readonly identity: Identity
  readonly ip: string
  readonly header: (name: string) => string | undefined
  readonly operationName: string | undefined
  readonly rootField: string | undefined
}

/**
 * A part that nobody vouches for, or that is missing, is the address in its stead: with a new user id, or no
 * API key, per request nobody would ever be limited, and with another's they would use theirs up.
 */
export function subjectOf(parts: readonly SubjectPart[], source: SubjectSource): SubjectName {
  const labels: string[] = []
  const ids: string[] = []
  for (const part of parts) {
    const { label, id } = partOf(part, source)
    if (ids.includes(id)) continue
    labels.push(label)
    ids.push(id)
  }
  if (ids.length === 0) return EVERYBODY
  // In any order the same parts are the same subject.
  return { label: labels.join(', '), id: ids.toSorted().join('') }
}

const EVERYBODY: SubjectName = { label: 'everybody', id: '*' }

/** Who asks, for what is counted per user. */
export function userSubject(identity: Identity, ip: string): SubjectName {
  return userOf(identity) ?? addressOf(ip)
}

/** Whether the parts are told by the identity alone, whatever it asks and from where. */
export function isOfIdentity(parts: readonly SubjectPart[], identity: Identity): boolean {
  return parts.every((part) => {
    if (part.kind === 'role') return true
    if (part.kind === 'user') return userOf(identity) !== undefined
    return part.kind === 'variable' && variableOf(identity, part.name) !== undefined
  })
}

/** Whether the parts are told by the role and the address alone: nobody vouches for anything else. */
export function isOfAddress(parts: readonly SubjectPart[], identity: Identity): boolean {
  return parts.every((part) => {
    if (part.kind === 'role' || part.kind === 'ip') return true
    if (part.kind === 'user') return userOf(identity) === undefined
    return part.kind === 'variable' && variableOf(identity, part.name) === undefined
  })
}

function partOf(part: SubjectPart, source: SubjectSource): SubjectName {
  const { identity, ip, operationName, rootField } = source
  switch (part.kind) {
    case 'user':
      return userSubject(identity, ip)
    case 'role':
      return typed('r', identity.role, `role ${identity.role}`)
    case 'ip':
      return addressOf(ip)
    case 'operation':
      return operationName === undefined
        ? { label: 'unnamed operations', id: 'o-' }
        : typed('o', operationName, `operation ${operationName}`)
    case 'root_field':
      return rootField === undefined
        ? { label: 'no root field', id: 'f-' }
        : typed('f', rootField, `root field ${rootField}`)
    case 'variable': {
      const value = variableOf(identity, part.name)
      if (value === undefined) return addressOf(ip)
      return typed('v', pair(part.name, value), `${part.name} ${value}`)
    }
    case 'header': {
      const value = source.header(part.name)
      if (value === undefined || value === '') return addressOf(ip)
      // It may be a secret: people are shown that two differ, no more.
      const shown = digestOf(value).slice(0, SHOWN_DIGITS)
      return typed('h', pair(part.name, value), `${part.name} #${shown}`)
    }
  }
}

const SHOWN_DIGITS = 8

function userOf(identity: Identity): SubjectName | undefined {
  if (identity.kind === 'unauthorized') return undefined
  const { userId, sessionId } = identity
  if (userId !== undefined) return typed('u', userId, `user ${userId}`)
  // The id is as good as a password; its digest names the session as well.
  if (sessionId === undefined) return undefined
  const digest = digestOf(sessionId)
  return typed('s', digest, `session ${digest}`)
}

/** The session variables of the unauthorized role are what the client wrote. */
function variableOf(identity: Identity, name: string): string | undefined {
  return identity.kind === 'unauthorized' ? undefined : identity.sessionVariables.get(name)
}

function addressOf(ip: string): SubjectName {
  const block = addressBlock(ip)
  return typed('i', block, `ip ${block}`)
}

function typed(type: string, value: string, label: string): SubjectName {
  return { label, id: `${type}${value.length}:${value}` }
}

function pair(name: string, value: string): string {
  return `${name.length}:${name}${value}`
}

/** Keys are of one length, and nobody's name is read in them: 128 bits of SHA-256. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url')
}
