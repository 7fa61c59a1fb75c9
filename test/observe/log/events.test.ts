import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { EVENTS, type EventName, sentenceOf } from '../../../src/observe/log/events.ts'
import { fieldsOf } from './fields-of.ts'

const NAMES = Object.keys(EVENTS) as EventName[]
const GLOSSARY = readFileSync(new URL('../../../docs/glossary.md', import.meta.url), 'utf8')

describe('the dictionary of events', () => {
  it.each(NAMES)('names each field of %s once', (name) => {
    expect(fieldsOf(name)).toEqual([...new Set(fieldsOf(name))])
  })

  it('fills in the values', () => {
    const fields = { server: 'fr-1', class: 'accounting', reason: 'late', count: 7 }
    expect(sentenceOf('response-dropped', fields)).toBe('7 accounting responses of server fr-1 were dropped: late')
  })

  it('stands in the glossary with its level and fields, each event and no other', () => {
    const section = GLOSSARY.slice(GLOSSARY.indexOf('## Events of the log'))
    const rows = [...section.matchAll(/^\| `([a-z-]+)`(?: \*)? \| (\w+) \| (.*?) \| .+ \|$/gm)]
    expect(rows.map(([, name]) => name).sort()).toEqual([...NAMES].sort())
    for (const [, name, level, fields] of rows) {
      expect([name, level]).toEqual([name, EVENTS[name as EventName].level])
      const told = fields?.replaceAll('`', '').split(', ').toSorted()
      expect([name, told]).toEqual([name, fieldsOf(name as EventName).toSorted()])
    }
  })

  it('marks in the glossary the events that carry a count', () => {
    for (const name of NAMES) {
      const isMarked = GLOSSARY.includes(`| \`${name}\` * |`)
      expect([name, isMarked]).toEqual([name, fieldsOf(name).includes('count')])
    }
  })
})
