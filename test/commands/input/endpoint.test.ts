import { describe, expect, it } from 'vitest'
import { parseEndpoint } from '../../../src/commands/input/endpoint.ts'

describe('host:port on the command line', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1', 1812],
    ['127.0.0.1:99', '127.0.0.1', 99],
    ['[::1]:65535', '::1', 65_535],
    ['[2001:DB8::1]', '2001:db8::1', 1812],
    ['::1', '::1', 1812],
    ['[fe80::1%eth0.7]:99', 'fe80::1%eth0.7', 99],
  ])('%s is %s port %i', (text, address, port) => {
    expect(parseEndpoint(text, 1812)).toEqual({ address, port })
  })

  it.each(['', 'localhost', '127.0.0.1:', '127.0.0.1:0', '127.0.0.1:65536', '[::1', '1.2.3', 'x:1812'])(
    '"%s" is none',
    (text) => {
      expect(parseEndpoint(text, 1812)).toBeUndefined()
    },
  )
})
