/**
 * A step of a followed request as one line for people: when, which request, what happened, where and why.
 */
import { endpointText } from '../../addresses.ts'
import type { TraceEvent } from '../../proxy/border/events.ts'

/** A line of `/trace` that is a step. */
export type TracedStep = TraceEvent & { readonly time: string; readonly instance: number }

/** `08:15:04.123456  0#17     +0.000 s  received   Access-Request id 5 of bng-1 10.0.0.1:1645, user alice`. */
export function stepText(step: TracedStep, codeName: (code: number) => string): string {
  const time = step.time.slice(11, 26)
  const request = `${step.instance}#${step.request === 0 ? '-' : step.request}`
  const age = `+${(step.age / 1_000_000).toFixed(3)} s`
  return `${time}  ${request.padEnd(9)} ${age.padStart(9)}  ${step.step.padEnd(9)}  ${whatOf(step, codeName)}`.trimEnd()
}

function whatOf(step: TracedStep, codeName: (code: number) => string): string {
  const at = `${step.server} port ${step.sourcePort} id ${step.serverIdentifier}`
  switch (step.step) {
    case 'received':
      return packetOf(step, codeName)
    case 'refused':
    case 'duplicate':
      return `${packetOf(step, codeName)}: ${step.why}`
    case 'queued':
      return step.server === undefined ? `parked: ${step.why}` : `for ${step.server}: ${step.why}`
    case 'promoted':
      return `to ${step.server}`
    case 'sent':
      return `to ${at}`
    case 'retried':
      return `to ${at}, transmission ${step.transmission}`
    case 'timed-out':
      return `${step.transmission === undefined ? `at ${step.server}` : `at ${at} after transmission ${step.transmission}`}${step.why === undefined ? '' : `: ${step.why}`}`
    case 'answered':
      return `${codeName(step.answer ?? 0)} from ${step.server}`
    case 'ended':
      return step.why ?? ''
  }
}

function packetOf(
  { code, identifier, client, from, user, session }: TracedStep,
  codeName: (code: number) => string,
): string {
  const what = code === 0 ? 'a datagram' : `${codeName(code)} id ${identifier}`
  const whose = [user === undefined ? [] : [`user ${user}`], session === undefined ? [] : [`session ${session}`]].flat()
  return [`${what} of ${client} ${endpointText(from)}`, ...whose].join(', ')
}
