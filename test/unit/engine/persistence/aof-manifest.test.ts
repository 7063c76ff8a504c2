import { describe, expect, it } from 'vitest'
import {
  formatManifest,
  ManifestError,
  parseManifest,
} from '../../../../src/engine/persistence/aof-manifest.ts'

const TEXT = [
  'file appendonly.aof.2.base.rdb seq 2 type b\n',
  'file appendonly.aof.3.incr.aof seq 3 type h\n',
  'file appendonly.aof.4.incr.aof seq 4 type i\n',
  'file "with space.5.incr.aof" seq 5 type i\n',
].join('')

describe('the manifest of the log', () => {
  it('is read and written as Redis does', () => {
    const manifest = parseManifest(TEXT)
    expect(manifest.base?.sequence).toBe(2)
    expect(manifest.increments.map(({ name }) => name)).toEqual([
      'appendonly.aof.4.incr.aof',
      'with space.5.incr.aof',
    ])
    expect(formatManifest(manifest)).toBe(TEXT)
  })

  it('passes over comments and fields of later versions', () => {
    const text = '# comment\nfile a seq 1 type b startoffset 5\n'
    expect(parseManifest(text).base).toEqual({ name: 'a', sequence: 1, type: 'b' })
  })

  it.each([
    ['', 'Found an empty AOF manifest'],
    ['\n', 'Invalid AOF manifest file format'],
    ['file a seq 1\n', 'Invalid AOF manifest file format'],
    ['file a seq 1 type\n', 'Invalid AOF manifest file format'],
    ['file a seq 0 type b\n', 'Invalid AOF manifest file format'],
    ['file "a seq 1 type b\n', 'Invalid AOF manifest file format'],
    ['file dir/a seq 1 type b\n', "File can't be a path, just a filename"],
    ['file a seq 1 type x\n', 'Unknown AOF file type'],
    ['file a seq 1 type b\nfile b seq 2 type b\n', 'Found duplicate base file information'],
    ['file a seq 2 type i\nfile b seq 2 type i\n', 'Found a non-monotonic sequence number'],
    ['file a seq 1 type b', 'The AOF manifest file contains too long line'],
    [`file ${'a'.repeat(1_024)} seq 1 type b\n`, 'The AOF manifest file contains too long line'],
  ])('refuses %j', (text, message) => {
    expect(() => parseManifest(text)).toThrow(ManifestError)
    expect(() => parseManifest(text)).toThrow(message)
  })
})
