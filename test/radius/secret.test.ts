import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/radius/secret.ts'

describe('a shared secret', () => {
  it('is refused where it is empty', () => {
    expect(() => new Secret('')).toThrow(RangeError)
    expect(() => new Secret(new Uint8Array())).toThrow('a shared secret is empty')
  })

  it('never shows itself, however it is printed', () => {
    const secret = new Secret('very-private')
    const shown = [
      `${secret}`,
      String(secret),
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ deep: [secret] }, { depth: 9, showHidden: true }),
      Object.keys(secret).join(),
    ].join('\n')
    expect(shown).not.toContain('very-private')
    expect(shown).not.toContain(Buffer.from('very-private').toString('hex'))
    expect(JSON.stringify(secret)).toBe('"[secret]"')
    expect(inspect(secret)).toBe('[secret]')
  })

  it('takes text as UTF-8', () => {
    expect([...new Secret('ü').bytes]).toEqual([0xc3, 0xbc])
  })

  it('keeps its octets when those it was made of change', () => {
    const bytes = Uint8Array.of(1, 2, 3)
    const secret = new Secret(bytes)
    bytes.fill(9)
    expect([...secret.bytes]).toEqual([1, 2, 3])
  })

  it('equals a secret of the same octets and no other', () => {
    expect(new Secret('one').equals(new Secret(Buffer.from('one')))).toBe(true)
    expect(new Secret('one').equals(new Secret('onf'))).toBe(false)
    expect(new Secret('one').equals(new Secret('one1'))).toBe(false)
    expect(new Secret('one1').equals(new Secret('one'))).toBe(false)
  })
})
