import type { Directive } from '../src/engine/runtime-config/directive.ts'
import { DIRECTIVES } from '../src/engine/runtime-config/directives.ts'

/** docs/DIRECTIVES.md */
export function renderDirectiveDocs(): string {
  const used = DIRECTIVES.filter(
    ({ isHidden, unused }) => isHidden !== true && unused === undefined,
  )
  const unused = DIRECTIVES.filter((directive) => directive.unused !== undefined)
  const lines = [
    '# Directives of the engine',
    '',
    'Made from the tables in `src/engine/runtime-config/tables/` by `npm run docs`; edit those.',
    '',
    'What `gerbang engine redis.conf --name value …` takes: the names, values and defaults of redis-server 7.0.',
    'CONFIG GET tells them all, CONFIG SET changes those marked "yes" while the server runs, and those marked',
    '"protected" when `enable-protected-configs` lets it; CONFIG REWRITE writes them back to the file.',
    '',
    '| directive | old name | value | default | CONFIG SET |',
    '| --- | --- | --- | --- | --- |',
    ...byName(used).map(row),
    '',
    '## Taken, and without effect',
    '',
    'These are read, told and changed as in Redis, so that a configuration need not be edited, and do nothing here.',
    'The engine says so in its log when one of them is given another value than its default.',
    '',
    '| directive | why |',
    '| --- | --- |',
    ...byName(unused).map(({ name, unused: why }) => `| \`${name}\` | ${why} |`),
  ]
  return `${lines.join('\n')}\n`
}

function byName(directives: readonly Directive[]): readonly Directive[] {
  return directives.toSorted((left, right) => left.name.localeCompare(right.name))
}

function row({ name, alias, type, defaultValue, isImmutable, isProtected }: Directive): string {
  const change = isImmutable === true ? 'no' : isProtected === true ? 'protected' : 'yes'
  const cells = [
    `\`${name}\``,
    alias === undefined ? '' : `\`${alias}\``,
    type.syntax,
    defaultValue === '' ? '' : `\`${defaultValue}\``,
    change,
  ]
  return `| ${cells.join(' | ')} |`
}
