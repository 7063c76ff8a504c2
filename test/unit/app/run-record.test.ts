import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type RunRecord,
  readRunRecord,
  removeRunRecord,
  writeRunRecord,
} from '../../../src/app/run-record.ts'

const RUNNING: RunRecord = { persistence: 'rdb', isComplete: false }

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
    '{"persistence":"rdb","isComplete":"yes"}',
    '{"persistence":"none","isComplete":true}',
    '{"persistence":"rdb","isComplete":true,"later":1}',
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
