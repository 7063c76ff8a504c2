import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  AofWriter,
  type AofWriterOptions,
  type DiskSync,
} from '../../../src/engine/persistence/aof-writer.ts'
import { CommandEncoder } from '../../../src/engine/protocol/command-encoder.ts'
import { silentLogger } from '../../../src/shared/logger.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** A disk that cannot be flushed while it `fails`. */
class FailingDisk implements DiskSync {
  fails = true
  #pending: (() => void) | undefined

  now(): void {
    if (this.fails) throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
  }

  behind(_descriptor: number, done: (error: Error | null) => void): void {
    this.#pending = () => {
      try {
        this.now()
        done(null)
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)))
      }
    }
  }

  answer(): void {
    this.#pending?.()
    this.#pending = undefined
  }
}

function set(writer: AofWriter): void {
  const encoder = new CommandEncoder()
  encoder.command(['SET', 'key', 'value'])
  writer.append(0, encoder.bytes, 0, encoder.length)
}

describe('the log on a disk that cannot be flushed', () => {
  let folder: string
  let disk: FailingDisk
  const clock = new FakeClock()

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gerbang-sync-'))
    disk = new FailingDisk()
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  function openWriter(
    options: Partial<AofWriterOptions>,
    path = join(folder, 'log.aof'),
  ): AofWriter {
    const writer = new AofWriter({
      clock,
      log: silentLogger,
      policy: () => 'always',
      isStrict: () => true,
      hasTimestamps: () => false,
      onStatus: () => undefined,
      onFatal: undefined,
      disk,
      latency: () => undefined,
      isSaving: () => false,
      sleepUsec: () => 0,
      ...options,
    })
    writer.open(path, 0)
    return writer
  }

  it('ends the process with always, where there is one to end', () => {
    let ends = 0
    const writer = openWriter({ onFatal: () => (ends += 1) })
    set(writer)
    expect(writer.sync()).toBe(false)
    expect(ends).toBe(1)
  })

  it('ends the process with always when it cannot be written to, though a save has the disk to itself', () => {
    const logged: string[] = []
    const log = { ...silentLogger, error: (_fields: unknown, text: string) => logged.push(text) }
    let ends = 0
    const onFatal = () => (ends += 1)
    const strict = openWriter({ onFatal, log, policy: () => 'no' }, '/dev/full')
    set(strict)
    expect(strict.flush()).toBe(false)
    expect(ends).toBe(1)
    expect(logged).toEqual([
      'Error writing to the AOF file: No space left on device',
      "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...",
    ])
    const everysec = openWriter(
      { onFatal, policy: () => 'everysec', isStrict: () => false },
      '/dev/full',
    )
    set(everysec)
    expect(everysec.flush()).toBe(false)
    expect(ends).toBe(1)
  })

  it('refuses what comes with always when it cannot be written to, where no process is to end', () => {
    const told: (string | undefined)[] = []
    const writer: AofWriter = openWriter({ onStatus: () => told.push(writer.failure) }, '/dev/full')
    set(writer)
    expect(writer.sync()).toBe(false)
    expect(told).toEqual(['No space left on device'])
    // Whoever wrote that has been told: others wait for nothing.
    expect(writer.isPending).toBe(false)
  })

  it('takes nothing more with always, though the next flush succeeds', () => {
    const writer = openWriter({})
    set(writer)
    expect(writer.sync()).toBe(false)
    disk.fails = false
    set(writer)
    expect(writer.sync()).toBe(false)
    expect(writer.failure).toBe('Input/output error')
    // A new base holds everything.
    writer.recover()
    expect(writer.failure).toBeUndefined()
  })

  it('takes nothing with everysec until a flush succeeds, and tells both', () => {
    const told: (string | undefined)[] = []
    const writer: AofWriter = openWriter({
      policy: () => 'everysec',
      isStrict: () => false,
      onStatus: () => told.push(writer.failure),
    })
    set(writer)
    writer.runCycle()
    disk.answer()
    expect(told).toEqual(['Input/output error'])
    clock.advance(1_000)
    writer.runCycle()
    disk.answer()
    expect(told).toEqual(['Input/output error'])
    disk.fails = false
    clock.advance(999)
    writer.runCycle()
    disk.answer()
    expect(writer.failure).toBe('Input/output error')
    clock.advance(1)
    writer.runCycle()
    disk.answer()
    expect(told).toEqual(['Input/output error', undefined])
    expect(writer.flush()).toBe(true)
  })

  it('tells LATENCY of what took the disk how long', () => {
    const events: string[] = []
    disk.fails = false
    let isSaving = false
    const writer = openWriter({
      latency: (event) => events.push(event),
      isSaving: () => isSaving,
    })
    set(writer)
    writer.sync()
    expect(events.splice(0)).toEqual(['aof-write-alone', 'aof-write', 'aof-fsync-always'])
    isSaving = true
    set(writer)
    writer.flush()
    expect(events).toEqual(['aof-write-active-child', 'aof-write'])
  })
})
