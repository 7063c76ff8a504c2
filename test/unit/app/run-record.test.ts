import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  doubtOf,
  type RunRecord,
  readRunRecord,
  removeRunRecord,
  writeRunRecord,
} from '../../../src/app/run-record.ts'

const RUNNING: RunRecord = { persistence: 'rdb', appendfsync: 'everysec', isComplete: false }

describe('a record of a run', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-run-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  it('is read as it was written last', () => {
    writeRunRecord(folder, RUNNING)
    const complete = { ...RUNNING, isComplete: true }
    writeRunRecord(folder, complete)
    expect(readRunRecord(folder)).toEqual(complete)
  })

  it.each([
    'cut of',
    '{}',
    '{"persistence":"rdb","appendfsync":"no","isComplete":"yes"}',
    '{"persistence":"rdb","appendfsync":"no","isComplete":true,"later":1}',
  ])('tells nothing when it is %s', (text) => {
    writeFileSync(join(folder, 'gerbang-run.json'), text)
    expect(readRunRecord(folder)).toBeUndefined()
  })

  it('tells nothing when it was removed, or was never there', () => {
    expect(readRunRecord(folder)).toBeUndefined()
    writeRunRecord(folder, RUNNING)
    removeRunRecord(folder)
    removeRunRecord(folder)
    expect(readRunRecord(folder)).toBeUndefined()
  })
})

describe('doubtOf', () => {
  const log = { ...RUNNING, persistence: 'aof+rdb' } as const

  it.each<[string, RunRecord]>([
    ['a stop, by snapshots', { ...RUNNING, isComplete: true }],
    ['a stop, with a log', { ...log, isComplete: true }],
    [
      'a crash, with a log that is flushed before each answer',
      { ...log, appendfsync: 'always', isComplete: false },
    ],
  ])('is none after %s', (_what, record) => {
    expect(doubtOf(record)).toBeUndefined()
  })

  it.each<[string, RunRecord | undefined]>([
    ['nobody knows what', undefined],
    ['a crash, by snapshots', RUNNING],
    ['a crash, by snapshots, whatever a log would do', { ...RUNNING, appendfsync: 'always' }],
    ['a crash, with a log that is flushed once a second', log],
    ['a crash, with a log that the system flushes', { ...log, appendfsync: 'no' }],
  ])('is told after %s', (_what, record) => {
    expect(doubtOf(record)).toEqual(expect.any(String))
  })
})
