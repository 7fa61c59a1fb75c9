import { describe, expect, it } from 'vitest'
import { flag, optional, routeWith, text, trafficClass, whole, word } from '../../src/admin/fields.ts'
import { type AdminAnswer, jsonAnswer, type RoutedRequest } from '../../src/admin/route.ts'

const RANGE = whole({ least: 1, most: 10 })
const bad = (sentence: string) => ({ ok: false, sentence })

describe('a field', () => {
  it.each([1, 10, '7'])('that is a whole number can be %j', (value) => {
    expect(RANGE(value, 'n')).toEqual({ ok: true, value: Number(value) })
  })
  it.each([0, 11, 1.5, '', '07x', '-1', '1e1', Number.NaN, null, undefined, true, [1], {}])('and not %j', (value) => {
    expect(RANGE(value, 'n')).toEqual(bad('n is missing or no whole number from 1 to 10'))
  })
  it('has its usual value where nothing was sent', () => {
    expect(whole({ least: 1, most: 10, usual: 4 })(undefined, 'n')).toEqual({ ok: true, value: 4 })
    expect(word(['a', 'b'], 'b')(undefined, 'w')).toEqual({ ok: true, value: 'b' })
    expect(optional(trafficClass)(undefined, 'class')).toEqual({ ok: true, value: undefined })
    expect(optional(trafficClass)('x', 'class')).toEqual(bad('class is missing or none of authentication, accounting'))
  })
  it.each(['accounting', 'authentication'])('that is a class can be %j', (one) => {
    expect(trafficClass(one, 'class')).toEqual({ ok: true, value: one })
  })
  it.each(['Accounting', '', 1, null, undefined, ['accounting'], '__proto__'])('and not %j', (one) => {
    expect(word(['accounting'])(one, 'class').ok).toBe(false)
  })
  it('that is true or false is nothing else, and false where nothing was sent', () => {
    expect([true, false, undefined, null].map((value) => flag(value, 'b'))).toEqual(
      [true, false, false, false].map((value) => ({ ok: true, value })),
    )
    expect(['true', 0].map((value) => flag(value, 'b'))).toEqual([bad('b is true or false'), bad('b is true or false')])
  })
  it('that is text is measured in octets', () => {
    expect(text(2)('ä', 't').ok).toBe(true)
    expect(['', 'äa', 1, null, undefined].map((value) => text(2)(value, 't').ok)).toEqual(Array(5).fill(false))
  })
})

describe('a route with fields', () => {
  const asked = (body: Record<string, unknown>, query = ''): RoutedRequest => ({
    ...{ params: {}, query: new URLSearchParams(query), body, who: 'one', isTrusted: true, isOverSocket: true },
  })
  const answer = (values: object): AdminAnswer => jsonAnswer(200, values)
  const fields = { a: optional(flag), b: RANGE }
  const posted = routeWith({ method: 'POST', path: '/', access: 'control', fields, answer })
  const got = routeWith({ method: 'GET', path: '/', access: 'read', fields, answer })
  const none = routeWith({ method: 'POST', path: '/', access: 'control', fields: {}, answer })
  const answerOf = async (route: typeof got, of: RoutedRequest) => {
    const { status, body } = (await route.answer(of)) as AdminAnswer
    return [status, JSON.parse(body)]
  }

  it('gets their values, and none of what was not sent', async () => {
    expect(await answerOf(posted, asked({ b: 7 }))).toEqual([200, { b: 7 }])
    expect(await answerOf(posted, asked({ b: 7, a: true }))).toEqual([200, { a: true, b: 7 }])
    expect(await answerOf(got, asked({ x: 1 }, 'b=7'))).toEqual([200, { b: 7 }])
    expect(await answerOf(got, asked({}, 'b=7&b=8'))).toEqual([200, { b: 7 }])
  })

  it.each([
    [posted, asked({ b: 7, c: 1 }), '"c" is no field; there are a, b'],
    [posted, asked({ b: 70 }), 'b is missing or no whole number from 1 to 10'],
    [posted, asked({ b: 7 }, 'b=7'), '"b" is no parameter; no parameter is known here'],
    [none, asked({ c: 1 }), '"c" is no field; no field is known here'],
    [got, asked({}, 'c=7'), '"c" is no parameter; there are a, b'],
    [got, asked({}, 'b=70'), 'b is missing or no whole number from 1 to 10'],
  ])('refuses what is wrong with a sentence: %#', async (route, of, error) => {
    expect(await answerOf(route, of)).toEqual([400, { error }])
  })
})
