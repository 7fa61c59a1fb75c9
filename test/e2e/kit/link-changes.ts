/**
 * A program for a network namespace: it opens a link of the dgram transport to a server and sends there ten times a second. It
 * prints a line for each opening, change and failure of the link, unless the line before was the same.
 *
 *     link-changes.ts SERVER-ADDRESS PORT
 */
import { DgramTransport } from '../../../src/transport/dgram/transport.io.ts'

const [address = '', port = ''] = process.argv.slice(2)
let last = ''
const say = (line: string): void => {
  if (line !== last) console.log(line)
  last = line
}
const ignore = (): void => undefined
const arrivals = {
  pending: ignore,
  request: ignore,
  response: ignore,
  probeAnswer: ignore,
  linkChanged: (lane: number, link: number, to: string): void => say(`link ${lane}.${link} ${to}`),
}
const link = await new DgramTransport().connect(
  {
    lane: 3,
    link: 1,
    purpose: 'a test',
    server: { address, port: Number(port) },
    local: undefined,
    failed: (code) => say(`failed ${code}`),
    opened: () => say('open'),
  },
  arrivals,
)
setInterval(() => link.send(Buffer.from('hello')), 100)
