/**
 * docs/packet-way.svg: the drawing of one packet's way through the files (`npm run docs`).
 *
 * The numbered list of docs/architecture.md is the source: each step's number, its bold words and the files that it names. So
 * the drawing and the text cannot differ, and a file that moves is changed in one place. The request goes down on the left,
 * is served at the bottom and goes up on the right to the servers; the response goes back along the top. A dashed box is
 * shell (its first file touches the world), any other is pure.
 */

interface Step {
  readonly number: number
  readonly title: string
  /** In the order of the text. */
  readonly files: readonly string[]
}

interface Box extends Step {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

const SIDE = { width: 300, left: 16, right: 644 }
const MIDDLE = { x: 366, width: 210 }
const WIDTH = SIDE.right + SIDE.width + SIDE.left
const TOP = 84
const GAP = 26
const LINE = 17
const DOWN = [1, 2, 3, 4, 5]
const UP = [9, 8, 7]

/** The steps of the numbered list under "One packet's way". */
export function stepsIn(page: string): Step[] {
  const [, section = ''] = /^## One packet's way\n([\s\S]*?)^## /m.exec(page) ?? []
  return [...section.matchAll(/^(\d+)\. \*\*(.+?)\*\*([\s\S]*?)(?=^\d+\. |\n\n)/gm)].map(
    ([, number, title = '', text = '']) => ({
      number: Number(number),
      title: title.replace(/[.?]$/, (sign) => (sign === '?' ? sign : '')),
      files: [...new Set([...text.matchAll(/`(src\/[\w./-]+\.ts)`/g)].map(([, file = '']) => file))],
    }),
  )
}

/** The drawing, as SVG. */
export function packetWay(page: string): string {
  const steps = stepsIn(page)
  const step = (number: number): Step => {
    const found = steps.find((one) => one.number === number)
    if (found === undefined) throw new Error(`docs/architecture.md has no step ${number} of a packet's way`)
    return found
  }
  const left = column(DOWN.map(step), SIDE.left, TOP, GAP)
  const bottom = left.at(-1)!.y + left.at(-1)!.height
  const right = column(UP.map(step), SIDE.right, TOP, spread(UP.map(step), bottom - TOP))
  const served = boxOf(step(6), MIDDLE.x, bottom - heightOf(step(6)), MIDDLE.width)
  const response = boxOf(step(10), MIDDLE.x, 16, MIDDLE.width)
  const silent = boxOf(step(11), MIDDLE.x, middleOf(right[1]!) - heightOf(step(11)) / 2, MIDDLE.width)
  const boxes = [...left, served, ...right, response, silent]
  const height = bottom + 56
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="what">`,
    `  <title id="what">One packet's way: ${steps.map(({ number, title }) => `${number} ${title}`).join(', ')}</title>`,
    STYLE,
    ...end('CLIENTS', SIDE.left),
    ...end('SERVERS', SIDE.right),
    ...arrows(left, right, { served, response, silent }),
    ...boxes.flatMap(drawn),
    ...legend(height - 22),
    '</svg>',
    '',
  ].join('\n')
}

const STYLE = `  <defs>
    <marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto-start-reverse">
      <path class="tip" d="M0 0L10 5L0 10z"/>
    </marker>
  </defs>
  <style>
    text { font: 14px system-ui, sans-serif; fill: #24292f; }
    .title, .end { font-weight: 600; }
    .end { text-anchor: middle; letter-spacing: 1px; }
    .number { font-weight: 600; fill: #ffffff; text-anchor: middle; }
    .file { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
    .small { font-size: 12.5px; fill: #57606a; }
    .box, .shell { fill: #f6f8fa; stroke: #57606a; stroke-width: 1.5; }
    .shell { stroke-dasharray: 5 4; }
    .ends { fill: none; stroke: #8c959f; stroke-width: 1.5; }
    .disc { fill: #0969da; }
    .way { fill: none; stroke: #0969da; stroke-width: 2; marker-end: url(#tip); }
    .tip { fill: #0969da; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .number { fill: #0d1117; }
      .small { fill: #9198a1; }
      .box, .shell { fill: #161b22; stroke: #9198a1; }
      .ends { stroke: #768390; }
      .disc, .tip { fill: #4493f8; }
      .way { stroke: #4493f8; }
    }
  </style>`

const heightOf = ({ files }: Step): number => 36 + LINE * files.length + 6
const middleOf = ({ y, height }: Box): number => y + height / 2

const boxOf = (step: Step, x: number, y: number, width: number): Box => ({
  ...step,
  x,
  y,
  width,
  height: heightOf(step),
})

function column(steps: readonly Step[], x: number, top: number, gap: number): Box[] {
  let y = top
  return steps.map((step) => {
    const box = boxOf(step, x, y, SIDE.width)
    y += box.height + gap
    return box
  })
}

/** The gap with which these steps fill a height. */
const spread = (steps: readonly Step[], height: number): number =>
  Math.floor((height - steps.reduce((sum, step) => sum + heightOf(step), 0)) / (steps.length - 1))

const end = (name: string, x: number): string[] => [
  `  <rect class="ends" x="${x}" y="16" width="${SIDE.width}" height="42" rx="21"/>`,
  `  <text class="end" x="${x + SIDE.width / 2}" y="42">${name}</text>`,
]

function arrows(
  left: readonly Box[],
  right: readonly Box[],
  { served, response, silent }: { readonly served: Box; readonly response: Box; readonly silent: Box },
): string[] {
  const down = SIDE.left + SIDE.width / 2
  const up = SIDE.right + SIDE.width / 2
  const centre = MIDDLE.x + MIDDLE.width / 2
  const way = (path: string): string => `  <path class="way" d="${path}"/>`
  const note = (x: number, y: number, text: string): string => `  <text class="small" x="${x}" y="${y}">${text}</text>`
  return [
    way(`M${down} 58V${left[0]!.y}`),
    ...left.slice(1).map((box, i) => way(`M${down} ${left[i]!.y + left[i]!.height}V${box.y}`)),
    way(`M${SIDE.left + SIDE.width} ${middleOf(served)}H${served.x}`),
    way(`M${served.x + served.width} ${middleOf(served)}H${SIDE.right}`),
    ...right.slice(1).map((box, i) => way(`M${up} ${box.y}V${right[i]!.y + right[i]!.height}`)),
    way(`M${up} ${right[0]!.y}V58`),
    // From the servers, over the response, to the clients.
    way(`M${SIDE.right} 37H${response.x + response.width}`),
    way(`M${response.x} 37H${SIDE.left + SIDE.width}`),
    way(`M${SIDE.right} ${middleOf(silent)}H${silent.x + silent.width}`),
    note(silent.x + silent.width + 4, middleOf(silent) - 8, 'time-out'),
    way(`M${centre} ${silent.y + silent.height}V${served.y}`),
    note(centre + 10, silent.y + silent.height + 24, 'a retry, another'),
    note(centre + 10, silent.y + silent.height + 41, 'server, or parked'),
    note(response.x, response.y + response.height + 18, 'comes in through steps 1 and 2'),
  ]
}

function drawn({ number, title, files, x, y, width, height }: Box): string[] {
  const kind = files[0]?.endsWith('.io.ts') === true ? 'shell' : 'box'
  return [
    `  <g id="step-${number}">`,
    `    <rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>`,
    `    <circle class="disc" cx="${x + 20}" cy="${y + 20}" r="12"/><text class="number" x="${x + 20}" y="${y + 25}">${number}</text>`,
    `    <text class="title" x="${x + 40}" y="${y + 25}">${title}</text>`,
    ...files.map(
      (file, i) => `    <text class="file" x="${x + 14}" y="${y + 50 + LINE * i}">${file.replace('src/', '')}</text>`,
    ),
    '  </g>',
  ]
}

const legend = (y: number): string[] => [
  `  <rect class="shell" x="${SIDE.left}" y="${y - 13}" width="30" height="16" rx="4"/>`,
  `  <text class="small" x="${SIDE.left + 40}" y="${y}">shell: sockets and clock</text>`,
  `  <rect class="box" x="${SIDE.left + 220}" y="${y - 13}" width="30" height="16" rx="4"/>`,
  `  <text class="small" x="${SIDE.left + 260}" y="${y}">pure: decides. Steps 3 to 5 are one synchronous call, 6 to 9 another. Files are in src/.</text>`,
]
