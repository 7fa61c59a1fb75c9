/**
 * The classes of traffic: a value for each of them, however many there are.
 */
import { expect, it } from 'vitest'
import { CLASS_TRAITS, classOfRequest, perClass, sumOverClasses, TRAFFIC_CLASSES } from '../src/classes.ts'

it('makes one value for each class, in order', () => {
  expect(Object.entries(perClass((each) => each.length))).toEqual(TRAFFIC_CLASSES.map((each) => [each, each.length]))
  expect(perClass(() => [])).toEqual({ authentication: [], accounting: [] })
})

it('makes a value of its own for each', () => {
  const made = perClass(() => ({ count: 0 }))
  made.accounting.count += 1
  expect(made).toEqual({ authentication: { count: 0 }, accounting: { count: 1 } })
})

it('tells the class of a request by its code, and of no other packet', () => {
  for (let code = 0; code < 256; code += 1) {
    expect(classOfRequest(code)).toBe({ 1: 'authentication', 4: 'accounting' }[code])
  }
})

it('adds a number of each class up', () => {
  expect(sumOverClasses((each) => CLASS_TRAITS[each].port)).toBe(1812 + 1813)
})
