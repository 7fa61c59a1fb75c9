/**
 * What a view of the daemon means: whether the daemon should get traffic, and what an operator should look at.
 */

import { TRAFFIC_CLASSES } from '../classes.ts'
import { heldText } from '../proxy/work/silence.ts'
import { isUnmet } from '../transport/choice/packet-io.ts'
import type { HealthScore } from './view/alarm.ts'
import { type DaemonView, type ListenerView, STATE_WORDS } from './view/view.ts'

/**
 * Why this daemon should get no traffic now; empty if it should. Alarms and health are no reasons: strangers can change them
 * with a few packets, and a proxy must keep its traffic in a storm. `standsBy`: whoever moves the virtual address asks, so
 * the address may be absent.
 */
export function notReady(
  view: Pick<DaemonView, 'phase' | 'engine' | 'instances' | 'listeners'>,
  standsBy = false,
): string[] {
  if (view.phase === 'starting') return ['starting']
  const reasons: string[] = []
  if (view.instances.every(({ isRunning }) => !isRunning))
    reasons.push('no instance runs: each has crashed and is being restarted')
  const noListener = standsBy ? undefined : withoutListener(view.listeners)
  if (noListener !== undefined) reasons.push(noListener)
  if (view.phase === 'draining' || view.engine.draining) reasons.push('draining: no new messages are taken')
  for (const name of TRAFFIC_CLASSES) {
    const lanes = view.engine.lanes.filter((lane) => lane.class === name && !lane.retiring)
    if (lanes.length > 0 && lanes.every(({ state }) => state === 'down')) {
      const held = lanes.filter(({ isHeldDown }) => isHeldDown).map(({ server }) => server)
      const why = held.length === 0 ? '' : `: ${heldText(held)}`
      const which = lanes.length === 1 ? 'the only server is' : `all ${lanes.length} servers are`
      reasons.push(`${which} Down for ${name}${why}`)
    }
  }
  return reasons
}

/** That no client can reach it: all its addresses are at another node. */
function withoutListener(listeners: readonly ListenerView[]): string | undefined {
  if (listeners.some(({ presence }) => presence !== 'absent')) return undefined
  const all = [...new Set(listeners.map(({ address }) => address))].join(', ')
  return `no listener: this machine has none of the addresses of listen${all === '' ? '' : ` (${all})`}`
}

/** What an operator should look at, though the daemon serves. */
export function concerns(view: DaemonView): string[] {
  const found = view.instances.flatMap(({ number, isRunning, engine }) => {
    const who = view.instances.length === 1 ? '' : `, says instance ${number}`
    if (!isRunning) return [`instance ${number} crashed and is being restarted`]
    return engine.lanes
      .filter(({ state, retiring }) => state !== 'active' && !retiring)
      .map(({ server, class: name, state, isHeldDown }) => {
        const how = isHeldDown ? 'held Down by an operator' : STATE_WORDS[state]
        return `server ${server} is ${how} for ${name}${who}`
      })
  })
  found.push(...packetIoConcerns(view))
  const { health, degradedBelow } = view.watch
  if (health.score < degradedBelow) found.push(healthText(health))
  if (view.config.refused !== undefined) found.push(`the last reload was refused: ${view.config.refused}`)
  if (view.config.waitingForRestart.length > 0) {
    found.push(`changed settings wait for a restart: ${view.config.waitingForRestart.join(', ')}`)
  }
  return found
}

/** What was asked for and is not so. */
function packetIoConcerns({ packetIo, instances }: DaemonView): string[] {
  const found = isUnmet(packetIo) ? [`packet_io is batched, and dgram serves: ${packetIo.why}`] : []
  for (const { number, packetIo: opened } of instances) {
    if (opened.fellBack !== undefined) found.push(`instance ${number} uses dgram: ${opened.fellBack}`)
  }
  if (
    packetIo.instancesBy === 'address' &&
    instances.length > 1 &&
    instances.some((one) => one.packetIo.use === 'dgram')
  ) {
    found.push('instances_by is address, and dgram lets the kernel choose the instance by address and port')
  }
  return found
}

/** `the health is 7 of 10 (the fullest queue: 93 %)` */
const healthText = ({ score, reasons }: HealthScore): string =>
  `the health is ${score} of 10 (${reasons.map(({ says }) => says).join('; ')})`
