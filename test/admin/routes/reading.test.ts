import { describe, expect, it } from 'vitest'
import type { AdminAnswer, RoutedRequest } from '../../../src/admin/route.ts'
import { type Readable, readingRoutes } from '../../../src/admin/routes/reading.io.ts'
import type { SoughtSessions } from '../../../src/instances/protocol/found.ts'

const asked = (query: string): RoutedRequest => ({
  params: {},
  query: new URLSearchParams(query),
  body: {},
  who: 'socket',
  isTrusted: true,
  isOverSocket: false,
})

const sessionsRoute = (sessions: Readable['sessions']) =>
  readingRoutes({ sessions, clients: () => ['bng'] } as unknown as Readable).find(({ path }) => path === '/sessions')!

async function answerTo(query: string, isTracked = true): Promise<AdminAnswer & { readonly sought: SoughtSessions[] }> {
  const sought: SoughtSessions[] = []
  const route = sessionsRoute((wish) => {
    sought.push(wish)
    return Promise.resolve(isTracked ? { sessions: [], more: false, tracked: 7 } : undefined)
  })
  return { ...((await route.answer(asked(query))) as AdminAnswer), sought }
}

describe('GET /sessions', () => {
  it('needs the right to control: it shows who is online', () => {
    expect(sessionsRoute(() => Promise.resolve(undefined)).access).toBe('control')
  })

  it('finds by client, session and user, a hundred at most unless asked for more', async () => {
    const { status, body, sought } = await answerTo('client=bng&session=s%201&user=nemo%40example.com')
    expect([status, JSON.parse(body)]).toEqual([200, { sessions: [], more: false, tracked: 7 }])
    expect(sought).toEqual([{ client: 'bng', session: 's 1', user: 'nemo@example.com', limit: 100 }])
    expect((await answerTo('limit=10000')).sought).toEqual([{ limit: 10_000 }])
  })

  it.each([
    ['users=x', '"users" is no parameter; there are client, session, user, limit'],
    ['limit=0', 'limit is missing or no whole number from 1 to 10000'],
    ['limit=10001', 'limit is missing or no whole number from 1 to 10000'],
    ['session=', 'session is a text of 1 to 253 octets'],
    [`user=${'x'.repeat(254)}`, 'user is a text of 1 to 253 octets'],
  ])('refuses %s with a sentence', async (query, sentence) => {
    const { status, body, sought } = await answerTo(query)
    expect([status, JSON.parse(body), sought]).toEqual([400, { error: sentence }, []])
  })

  it('names the clients there are, near ones first, where none has that name', async () => {
    const { status, body } = await answerTo('client=bgn')
    expect([status, JSON.parse(body).error]).toEqual([404, 'no client is called "bgn"; there are "bng"'])
  })

  it('says what to do where sessions are not tracked', async () => {
    const { status, body } = await answerTo('', false)
    expect([status, JSON.parse(body).error]).toEqual([
      404,
      'this daemon tracks no sessions; set accounting.track_sessions: true and restart it',
    ])
  })
})
