/**
 * The Dockerfile, followed step by step in scratch folders: there is no Docker engine where these tests run, so the
 * image itself is not built. Each stage is a folder; COPY copies what .dockerignore lets through, RUN runs the same npm
 * steps (but for the packages of developers, which are here), and at the end the image's own command is run from the last
 * stage's folder, on this machine's Node.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ended, run } from './kit/child.ts'
import { ROOT } from './kit/daemon.ts'
import { outerRunLeftOut } from './kit/environment.ts'

interface Instruction {
  readonly name: string
  readonly rest: string
}

/** Instructions of a Dockerfile, continued lines joined, comments left out. */
const instructionsOf = (text: string): Instruction[] =>
  text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line.trim()) ?? []
      return { name: name.toUpperCase(), rest }
    })

/** A .dockerignore of the form "nothing but": `*`, then `!path` for each that goes in. */
const admits = (ignore: string): ((path: string) => boolean) => {
  const lines = ignore.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  expect(lines[0]).toBe('*')
  const admitted = lines.slice(1).map((line) => {
    expect(line).toMatch(/^![\w./-]+$/)
    return line.slice(1)
  })
  return (path) => admitted.some((each) => path === each || path.startsWith(`${each}/`))
}

const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
const instructions = instructionsOf(dockerfile)
const isAdmitted = admits(readFileSync(join(ROOT, '.dockerignore'), 'utf8'))
const argumentsOf = (name: string): string => instructions.filter((each) => each.name === name).at(-1)?.rest ?? ''

const copiesFromContext = instructions
  .filter(({ name, rest }) => name === 'COPY' && !rest.includes('--from='))
  .flatMap(({ rest }) => rest.split(/\s+/).slice(0, -1))

describe('the Dockerfile', () => {
  it('copies only what is there, is committed, and is let through by .dockerignore', async () => {
    expect(copiesFromContext.length).toBeGreaterThan(5)
    for (const source of copiesFromContext) {
      expect(existsSync(join(ROOT, source)), source).toBe(true)
      expect(isAdmitted(source), `${source} in .dockerignore`).toBe(true)
      const listed = await run('git', ['ls-files', '--', source], { cwd: ROOT })
      expect(listed.stdout, `${source} in git`).not.toBe('')
    }
    expect(isAdmitted('node_modules')).toBe(false)
    expect(isAdmitted('.git')).toBe(false)
  })

  it('is built on a slim Node 24, in stages, without root, with commands in exec form', () => {
    const bases = instructions.filter(({ name }) => name === 'FROM').map(({ rest }) => rest)
    expect(bases).toEqual(['node:24-slim AS build', 'node:24-slim'])
    expect(argumentsOf('USER')).toBe('node')
    for (const name of ['ENTRYPOINT', 'CMD']) expect(JSON.parse(argumentsOf(name))).toBeInstanceOf(Array)
    const check = /CMD (\[.*\])$/.exec(argumentsOf('HEALTHCHECK'))?.[1] ?? ''
    expect(JSON.parse(check).join(' ')).toContain('bin/start.cjs status')
    expect(dockerfile).toContain('npm ci --omit=dev')
  })
})

describe('its steps, in scratch folders', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'radsluice-image-'))
  const stages: { readonly name: string; readonly folder: string; workdir: string }[] = []
  const stage = (name?: string) => (name === undefined ? stages.at(-1)! : stages.find((each) => each.name === name)!)
  const { PATH = '' } = process.env
  const environment = outerRunLeftOut({ PATH: `${dirname(process.execPath)}${delimiter}${PATH}` })

  const copy = (rest: string): void => {
    const words = rest.split(/\s+/)
    const origin = words[0]?.startsWith('--from=') ? stage(words.shift()!.slice('--from='.length)).folder : ROOT
    const target = words.pop()!
    for (const source of words) {
      const into = join(stage().workdir, target, target.endsWith('/') ? source : '')
      mkdirSync(dirname(into), { recursive: true })
      cpSync(join(origin, source), into, { recursive: statSync(join(origin, source)).isDirectory() })
    }
  }

  const follow = async ({ name, rest }: Instruction): Promise<void> => {
    if (name === 'FROM') {
      const folder = join(scratch, String(stages.length))
      stages.push({ name: / AS (\w+)$/.exec(rest)?.[1] ?? '', folder, workdir: folder })
    } else if (name === 'WORKDIR') {
      stage().workdir = join(stage().folder, rest)
      mkdirSync(stage().workdir, { recursive: true })
    } else if (name === 'COPY') copy(rest)
    else if (rest === 'npm ci') {
      // The packages of this lock file for developers are those that run this test.
      symlinkSync(join(ROOT, 'node_modules'), join(stage().workdir, 'node_modules'))
    } else if (name === 'RUN') {
      expect(rest).toMatch(/^npm (ci|run \w+)( --omit=dev)?$/)
      const env = { ...environment, ...(stages.length === 2 ? { NODE_ENV: 'production' } : {}) }
      const ended = await run('npm', rest.split(' ').slice(1), { cwd: stage().workdir, env, limitMs: 240_000 })
      expect(ended.code, `${rest}: ${ended.stdout}${ended.stderr}`).toBe(0)
    }
  }

  const inImage = async (...words: string[]): Promise<Ended> => {
    const [program = '', ...entry] = JSON.parse(argumentsOf('ENTRYPOINT')) as string[]
    return await run(program, [...entry, ...words], { cwd: stage().workdir, env: environment })
  }

  beforeAll(async () => {
    for (const instruction of instructions) await follow(instruction)
  }, 300_000)
  afterAll(() => rmSync(scratch, { recursive: true, force: true }))

  it('leave a program that explains itself and knows its version', async () => {
    const help = await inImage('--help')
    expect(help.code, help.stderr).toBe(0)
    expect(help.stdout).toContain('radsluice')
  })

  it('leave a program that reads a configuration, and the schema beside it', async () => {
    const schema = await inImage('schema')
    expect(schema.code, schema.stderr).toBe(0)
    expect(JSON.parse(schema.stdout)).toEqual(JSON.parse(readFileSync(join(ROOT, 'config.schema.json'), 'utf8')))
    const check = await inImage('check', '-c', 'examples/demo.yaml')
    expect(check.code, check.stderr).toBe(0)
  })

  it('leave no compiler and no test program behind', () => {
    for (const name of ['typescript', 'vitest', '@biomejs', 'knip', 'fast-check']) {
      expect(existsSync(join(stage().workdir, 'node_modules', name)), name).toBe(false)
    }
    expect(existsSync(join(stage().workdir, 'src'))).toBe(false)
  })

  it('answer the health check with "not running" where nothing runs', async () => {
    const ended = await inImage('status', '--admin', 'http://127.0.0.1:9')
    expect(ended.code).toBe(3)
  })
})
