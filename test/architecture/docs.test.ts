import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { generatedFiles } from '../../scripts/generated-files.ts'
import { TOP } from './layers.ts'

describe('files made from tables', () => {
  it.each([...generatedFiles()])('%s equals a fresh run of npm run docs', (path, text) => {
    expect(readFileSync(path, 'utf8')).toBe(text)
  })
})

describe('pages', () => {
  const pages = ['.', 'docs', 'docs/adr', 'examples', ...foldersIn('examples')].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  )

  it('link only to what exists', () => {
    const broken = pages.flatMap((page) =>
      matchesIn(page, /\]\(([^)#]+)[^)]*\)/g)
        .filter((target) => !target.startsWith('https://'))
        .filter((target) => !existsSync(join(dirname(page), target)))
        .map((target) => `${page}: ${target}`),
    )
    expect(broken).toEqual([])
  })

  it('name only files that exist', () => {
    const wrong = pages.flatMap((page) =>
      matchesIn(page, /`((?:src|test|docs|config|scripts|bench)\/[\w./-]*)`/g)
        .filter((path) => !existsSync(path))
        .map((path) => `${page}: ${path}`),
    )
    expect(wrong).toEqual([])
  })

  it('docs/adr/README.md lists every decision', () => {
    const decisions = readdirSync('docs/adr').filter((name) => /^\d{4}-/.test(name))
    const listed = matchesIn('docs/adr/README.md', /\((\d{4}-[^)]+)\)/g)
    expect(listed).toEqual(decisions)
  })

  it('docs/ARCHITECTURE.md shows the layers that the imports are held to', () => {
    const rows = [...textOf('docs/ARCHITECTURE.md').matchAll(/^\| `(\w+)` \|[^|]*\|(.*)\|$/gm)]
    const shown = rows.map(([, folder = '', allowed = '']) => [
      folder,
      allowed
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    ])
    expect(Object.fromEntries(shown)).toEqual(TOP)
  })
})

/** What the first group of `pattern` matched in a page. */
function matchesIn(page: string, pattern: RegExp): readonly string[] {
  return Array.from(textOf(page).matchAll(pattern), ([, found = '']) => found)
}

function textOf(path: string): string {
  return readFileSync(path, 'utf8')
}

function foldersIn(path: string): readonly string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(path, entry.name))
}
