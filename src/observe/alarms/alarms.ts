/**
 * Which alarms are raised, from the readings at the end of each poll interval.
 *
 * An alarm is raised when m of the last n readings are at `high` or above. It is cleared when m of them are under `low` and
 * fewer than m are at `high` or above. A reading between the two changes nothing. An alarm whose subject is gone (a reload
 * removed the server), or that is switched off, is cleared at once.
 */
import { type Alarm, type AlarmId, keyOf, type Reading, type Severity, type Threshold } from '../view/alarm.ts'

export interface AlarmReadings {
  readonly id: AlarmId
  readonly severity: Severity
  /** Undefined if it is switched off. */
  readonly threshold: Threshold | undefined
  readonly readings: readonly Reading[] | 'unknown'
  readonly isNow?: boolean
}

interface State {
  readonly id: AlarmId
  /** The last readings, oldest first, `ofLast` of them at most. */
  readonly history: ('high' | 'between' | 'low')[]
  raised: Alarm | undefined
  /** Unix time of the latest reading at `high` or above. */
  highAt: number
}

export interface Judgement {
  readonly raised: readonly Alarm[]
  readonly cleared: readonly Alarm[]
}

export class Alarms {
  /** By id and subject, those with a high reading among the last; bounded by the names in the configuration. */
  #states = new Map<string, State>()

  /** Those that are raised, the oldest first. */
  current(): Alarm[] {
    return [...this.#states.values()]
      .flatMap(({ raised }) => (raised === undefined ? [] : [raised]))
      .sort((a, b) => a.sinceUnixSeconds - b.sinceUnixSeconds)
  }

  /** Those that are raised, between two polls: with the advice and the values of the moment. This changes nothing. */
  betweenPolls(all: readonly AlarmReadings[], unixSeconds: number): Alarm[] {
    const raised = this.current()
    if (raised.length === 0) return raised
    const known = new Set(raised.map(({ id }) => id))
    const readings = new Map<string, readonly [Reading, AlarmReadings]>()
    for (const one of all) {
      if (!known.has(one.id) || one.readings === 'unknown') continue
      for (const reading of one.readings) readings.set(keyOf(one.id, reading.subject), [reading, one])
    }
    return raised.map((alarm) => {
      const key = keyOf(alarm.id, alarm.subject)
      const [reading, { threshold, isNow = false } = {}] = readings.get(key) ?? []
      if (reading === undefined || threshold === undefined) return alarm
      const { advice, value, detail } = reading
      if (isNow && value >= threshold.low) return { ...alarm, advice, value, detail, quietSeconds: undefined }
      if (value >= threshold.high) return { ...alarm, advice, quietSeconds: undefined }
      // The interval is not over, so a low rate says nothing yet.
      if (!isNow && alarm.quietSeconds === undefined) return { ...alarm, advice }
      return quiet(alarm, reading, unixSeconds - this.#states.get(key)!.highAt)
    })
  }

  /** The end of a poll interval; `unixSeconds` is now. An alarm whose readings are unknown stays as it is. */
  judge(all: readonly AlarmReadings[], unixSeconds: number): Judgement {
    const raised: Alarm[] = []
    const cleared: Alarm[] = []
    const states = new Map<string, State>()
    const known = new Set([...this.#states.values()].map(({ id }) => id))
    for (const { id, severity, threshold, readings } of all) {
      if (threshold === undefined) continue
      if (readings === 'unknown') {
        for (const [key, state] of this.#states) if (state.id === id) states.set(key, state)
        continue
      }
      for (const reading of readings) {
        const isHigh = reading.value >= threshold.high
        // Without a high reading there is no state to keep: so it is for nearly all of ten thousand clients.
        if (!isHigh && !known.has(id)) continue
        const key = keyOf(id, reading.subject)
        const found = this.#states.get(key)
        if (!isHigh && found === undefined) continue
        const state: State = found ?? { id, history: [], raised: undefined, highAt: unixSeconds }
        const before = state.raised
        if (isHigh) state.highAt = unixSeconds
        const isRaised = judged(state, reading.value, threshold)
        if (isRaised || state.history.includes('high')) states.set(key, state)
        if (!isRaised) {
          state.raised = undefined
          if (before !== undefined) cleared.push({ ...before, value: reading.value, detail: reading.detail })
          continue
        }
        // Its value stays the one that raised it; the advice is that of now.
        if (before !== undefined && !isHigh) {
          state.raised = quiet(before, reading, unixSeconds - state.highAt)
          continue
        }
        state.raised = { ...reading, id, severity, sinceUnixSeconds: before?.sinceUnixSeconds ?? unixSeconds }
        if (before === undefined) raised.push(state.raised)
      }
    }
    for (const [key, { raised: gone }] of this.#states) if (gone && !states.has(key)) cleared.push(gone)
    this.#states = states
    return { raised, cleared }
  }

  /** Those that are not raised and would be if the interval ended now; this changes nothing. */
  foresee(all: readonly AlarmReadings[], unixSeconds: number): Alarm[] {
    const found: Alarm[] = []
    for (const { id, severity, threshold, readings } of all) {
      if (threshold === undefined || readings === 'unknown') continue
      for (const reading of readings) {
        if (reading.value < threshold.high) continue
        const state = this.#states.get(keyOf(id, reading.subject))
        if (state?.raised !== undefined) continue
        const { length } = state?.history ?? []
        const earlier = state?.history.slice(Math.max(0, length - threshold.ofLast + 1)) ?? []
        if (earlier.filter((one) => one === 'high').length + 1 >= threshold.samples)
          found.push({ ...reading, id, severity, sinceUnixSeconds: unixSeconds })
      }
    }
    return found
  }
}

/** Still raised, with a reading below `high`. */
const quiet = (alarm: Alarm, { advice }: Reading, quietSeconds: number): Alarm => ({
  ...alarm,
  advice,
  quietSeconds: Math.max(0, quietSeconds),
})

/** Whether the alarm is raised after this reading. */
function judged({ history, raised }: State, value: number, threshold: Threshold): boolean {
  const { high, low, samples, ofLast } = threshold
  history.push(value >= high ? 'high' : value < low ? 'low' : 'between')
  history.splice(0, history.length - ofLast)
  const count = (which: 'high' | 'low'): number => history.filter((one) => one === which).length
  if (count('high') >= samples) return true
  return raised !== undefined && count('low') < samples
}
