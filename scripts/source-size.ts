/**
 * How large the source is, by folder: lines, files, most files side by side. With a commit, the same before and after.
 *
 *   scripts/node24 scripts/source-size.ts [COMMIT]
 *
 * Folders of another commit are those directly under src/ by their names then; what moved shows as less here and more there.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { table } from '../src/commands/text/table.ts'

interface Size {
  lines: number
  files: number
}

const ROOT = join(import.meta.dirname, '..')

const folderOf = (path: string): string => path.split('/').slice(0, -1).slice(0, 2).join('/')

function sizesOf(files: readonly { readonly path: string; readonly text: string }[]): Map<string, Size> {
  const sizes = new Map<string, Size>()
  for (const { path, text } of files) {
    for (const folder of [folderOf(path), 'all']) {
      const size = sizes.get(folder) ?? { lines: 0, files: 0 }
      size.lines += text.split('\n').length - 1
      size.files += 1
      sizes.set(folder, size)
    }
  }
  return sizes
}

const git = (...words: string[]): string =>
  execFileSync('git', words, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28 })

const filesNow = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))

const now = sizesOf(filesNow.map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') })))

const mostSideBySide = Math.max(
  ...[...Map.groupBy(filesNow, (path) => dirname(path)).values()].map(({ length }) => length),
)

const commit = process.argv[2]
const before =
  commit === undefined
    ? undefined
    : sizesOf(
        git('ls-tree', '-r', '--name-only', commit, 'src')
          .split('\n')
          .filter((path) => path.endsWith('.ts'))
          .map((path) => ({ path, text: git('show', `${commit}:${path}`) })),
      )

const folders = [...new Set([...now.keys(), ...(before?.keys() ?? [])])].filter((folder) => folder !== 'all').toSorted()
const NONE: Size = { lines: 0, files: 0 }
const rowOf = (folder: string): (string | number)[] => {
  const here = now.get(folder) ?? NONE
  if (before === undefined) return [folder, here.lines, here.files]
  const then = before.get(folder) ?? NONE
  const change = then.lines === 0 ? 'new' : `${(100 * (here.lines / then.lines - 1)).toFixed(1)} %`
  return [folder, then.lines, here.lines, change, then.files, here.files]
}
const head =
  before === undefined
    ? ['folder', 'lines', 'files']
    : ['folder', 'lines before', 'lines', 'change', 'files before', 'files']
for (const line of table(head, [...folders, 'all'].map(rowOf))) console.log(line)
console.log(`most files side by side: ${mostSideBySide}`)
