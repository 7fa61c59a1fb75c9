/**
 * A program for either side of a cable. As a server it answers every Access-Request with an Access-Accept, and prints after
 * each second how many came. As a client it logs in so many times a second, sends each login again every second until it is
 * answered, and prints at its end what came of them as JSON.
 *
 *     path-ends.ts server ADDRESS PORT SECRET
 *     path-ends.ts client ADDRESS PORT SECRET LOGINS PER-SECOND TRIES
 */
import { createSocket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'
import { CODE, MESSAGE_AUTHENTICATOR, papRequest, readMessage, response, responseVerifies } from './wire.ts'

const [role = '', address = '', port = '', secret = '', ...numbers] = process.argv.slice(2)
const type = address.includes(':') ? 'udp6' : 'udp4'

function serve(): void {
  const socket = createSocket(type)
  let served = 0
  socket.on('message', (bytes, from) => {
    const request = readMessage(bytes)
    if (request.code !== CODE.statusServer) served += 1
    const answer = response({ secret, request, code: CODE.accessAccept, attributes: [MESSAGE_AUTHENTICATOR] })
    socket.send(answer, from.port, from.address, () => undefined)
  })
  socket.on('error', () => undefined)
  socket.bind(Number(port), address, () => console.log('open'))
  setInterval(() => console.log(`served ${served}`), 1_000)
}

async function ask(): Promise<void> {
  const [logins = 0, perSecond = 0, tries = 0] = numbers.map(Number)
  const socket = createSocket(type)
  const open = new Map<number, Buffer>()
  let answered = 0
  socket.on('message', (bytes) => {
    const message = readMessage(bytes)
    const request = open.get(message.identifier)
    if (request === undefined || !responseVerifies(message, request.subarray(4, 20), secret)) return
    open.delete(message.identifier)
    answered += 1
  })
  socket.on('error', () => undefined)
  const logIn = async (identifier: number): Promise<void> => {
    const request = papRequest({ secret, identifier, user: `user-${identifier}` })
    open.set(identifier, request)
    for (let tried = 0; tried < tries && open.get(identifier) === request; tried += 1) {
      socket.send(request, Number(port), address, () => undefined)
      for (let waited = 0; waited < 20 && open.get(identifier) === request; waited += 1) await sleep(50)
    }
  }
  const all: Promise<void>[] = []
  for (let login = 0; login < logins; login += 1) {
    all.push(logIn(login % 256))
    await sleep(1_000 / perSecond)
  }
  await Promise.all(all)
  socket.close()
  console.log(JSON.stringify({ logins, answered }))
}

if (role === 'server') serve()
else await ask()
