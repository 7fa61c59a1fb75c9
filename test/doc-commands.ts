/**
 * The commands that README, docs/ and bench/README.md show, as they are typed.
 *
 * A command is a statement of a shell block, or a code span that begins with a program and has more than its name. Blocks
 * in other languages are output or configuration.
 */
import type { Page } from './docs-rules.ts'

const PROGRAMS =
  'npm|npx|node|bin/radsluice|radsluice|scripts/node24|radclient|promtool|curl|ip|sysctl|systemctl|docker|kill|flood|for|echo|apt-get|freeradius'
const COMMAND = new RegExp(`^(?:[A-Z]+=\\S+ )*(?:${PROGRAMS}) \\S`)

/** Each command of the page once, without the comment behind it, lines that belong together in one. */
export function commandsOf({ text }: Page): string[] {
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block)
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '')
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span)
  return [...new Set([...blocks.flatMap(statementsOf), ...spans.filter((span) => COMMAND.test(span))])]
}

function statementsOf(block: string): string[] {
  const whole = block.replace(/\\\n\s*/g, '').replace(/\|\n\s*/g, '| ')
  const loops = whole.replace(/^for .*?^done\b/gms, (loop) => loop.replace(/\n\s*/g, ' '))
  return loops
    .split('\n')
    .map((line) => line.replace(/(?:^|\s)#\s.*$/, '').trim())
    .filter((line) => line !== '')
}
