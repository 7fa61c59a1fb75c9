/**
 * A server that becomes slower: what reaches its clients, with `throttle.adaptive` off and on, in the simulator.
 *
 *     scripts/node24 bench/pace.ts
 *
 * Prints Markdown: for each window (max_outstanding) the good answers a second in the dip, the share of wasted work, and the good
 * answers a second in the 20 s after the dip; beside them the figures of the model that the rule was found with, and whether they
 * agree within 10 %. Figures near 0 agree if they are at most 1 apart. Where they do not, but none is worse, it says *better*.
 *
 * The model knows no health of servers. In radsluice a server that gives no valid answer any more becomes Down, gets nothing new,
 * and works off what it has: a collapse ends sooner. So each row comes twice, with and without the server's health.
 */
import { writeData } from '../src/commands/terminal/output.io.ts'
import { ADAPTIVE, DIPS, type Figures, playDip, WINDOWS } from './pace/cases.ts'

type Row = readonly [inDip: number, wastedPercent: number, afterDip: number]

/** The model's: by adaptive, dip and window. */
const MODEL: Readonly<
  Record<(typeof ADAPTIVE)[number], Record<(typeof DIPS)[number], Record<(typeof WINDOWS)[number], Row>>>
> = {
  off: {
    200: { 4000: [34, 64, 0], 256: [200, 0, 500], 64: [200, 0, 500] },
    50: { 4000: [5, 59, 0], 256: [7, 17, 370], 64: [50, 0, 500] },
  },
  window: {
    200: { 4000: [155, 7, 496], 256: [200, 0, 500], 64: [200, 0, 496] },
    50: { 4000: [5, 14, 432], 256: [47, 1, 500], 64: [50, 0, 500] },
  },
}

const rowOf = ({ inDip, wasted, afterDip }: Figures): Row => [inDip, 100 * wasted, afterDip]
const text = ([inDip, wasted, afterDip]: Row): string =>
  `${Math.round(inDip)}, ${Math.round(wasted)} %, ${Math.round(afterDip)}`
const agrees = (ours: Row, model: Row): boolean =>
  ours.every((figure, at) => Math.abs(figure - model[at]!) <= Math.max(1, model[at]! / 10))
/** At least as many good answers, and at most as much work for nobody; figures as they are printed. */
const isNoWorse = (ours: Row, model: Row): boolean => {
  const [inDip, wasted, afterDip] = ours.map(Math.round) as unknown as Row
  return inDip >= model[0] && wasted <= model[1] && afterDip >= model[2]
}
const judgement = (ours: Row, model: Row): string => {
  if (agrees(ours, model)) return 'yes'
  return isNoWorse(ours, model) ? 'better' : 'no'
}

const row = (cells: readonly string[]): void => writeData(`| ${cells.join(' | ')} |`)

row(['adaptive', 'dip', 'max_outstanding', 'the model', 'as it is', 'within 10 %', 'never Down', 'within 10 %'])
row(Array.from({ length: 8 }, () => '---'))
for (const adaptive of ADAPTIVE) {
  for (const dip of DIPS) {
    for (const window of WINDOWS) {
      const model = MODEL[adaptive][dip][window]
      const cells = [true, false].flatMap((isJudged) => {
        const ours = rowOf(playDip({ adaptive, window, dip, isJudged }))
        return [text(ours), judgement(ours, model)]
      })
      row([adaptive, `${dip}/s`, String(window), text(model), ...cells])
    }
  }
}
