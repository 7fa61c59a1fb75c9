import { describe, expect, it } from 'vitest'
import { sessionsText } from '../../../src/commands/text/sessions-text.ts'
import { ipv6 } from '../../accounting/records.ts'
import { SessionWorld } from '../../accounting/session-world.ts'

describe('sessions as text', () => {
  it('have a row each, every digit shown, what is unknown as a dash', () => {
    const world = new SessionWorld({ maxPortRate: 0 })
      .take({ status: 1, session: 'a' })
      .take({ status: 3, session: 'b', multi: 'm', time: 9, octets: [1, 2], gigawords: [2 ** 31, 0] })
      .take({ status: 3, session: 'c', octets: [500, 20], more: ipv6([100, 0, 0, 0, 0, 0]) })
    expect(sessionsText({ sessions: world.live(), more: false, tracked: 3 })).toEqual([
      'client  session  bundle  user  seconds                  octets in  octets out  of it IPv6 in  out  labels',
      'bng     a        -       nemo        -                          -           -              -    -  -',
      'bng     b        m       nemo        9  9,223,372,036,854,775,809           2              -    -  mlppp-member-link',
      'bng     c        -       nemo        -                        500          20            100    0  -',
      '',
      '3 of 3 tracked sessions',
    ])
  })

  it('say that there are more, or none', () => {
    const one = new SessionWorld().take({ status: 1 }).live()
    expect(sessionsText({ sessions: one, more: true, tracked: 40 }).at(-1)).toBe(
      '1 of 40 tracked sessions; there are more like these, --limit shows them',
    )
    expect(sessionsText({ sessions: [], more: false, tracked: 40 })).toEqual(['0 of 40 tracked sessions'])
  })
})
