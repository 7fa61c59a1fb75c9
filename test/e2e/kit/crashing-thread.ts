/**
 * The thread of an instance with a fault on call: a datagram to the port in `CRASH_PORTS` (one for each instance, in
 * order) makes it throw where nothing catches it, as a bug in serving would.
 */
import { createSocket } from 'node:dgram'
import { workerData } from 'node:worker_threads'
import type { ThreadStart } from '../../../src/instances/protocol/protocol.ts'
import '../../../src/instances/thread/thread.io.ts'

const { number } = workerData as ThreadStart
const port = Number((process.env['CRASH_PORTS'] ?? '').split(' ')[number])
const socket = createSocket({ type: 'udp4', reuseAddr: true })
socket.on('message', () => {
  throw new Error('a fault on call')
})
socket.bind(port, '127.0.0.1')
