/** A session's time line as a picture: lives as bars, everything else as marks in lanes. */
import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import type { Mark, Timeline } from "../src/ConsoleModel.ts"
import { now } from "./state.ts"
import { clock, hue, span } from "./time.ts"

const wide = { token: 34, requests: 84, exchanges: 124, height: 172, left: 104 } as const
/** The names of the lanes are above them. */
const narrow = { token: 36, requests: 94, exchanges: 144, height: 192, left: 10 } as const
const bar = 24
const right = 16
/** The part of the width right of now. */
const future = 0.16

const windows = [["1 min", 60_000], ["5 min", 300_000], ["1 h", 3_600_000], ["1 d", 86_400_000]] as const

/** The smallest window that holds what happened lately. */
const fitting = ({ lives, marks, now: at }: Timeline): number => {
  const first = marks.at(-25)?.at ?? marks[0]?.at ?? lives[0]?.from ?? at
  return windows.find(([, length]) => at - first < length * 0.9)?.[1] ?? 86_400_000
}

/** The symbols, drawn around their own middle. */
const symbols = {
  "signed-in": <path class="s-good" d="M-1-8h2v16h-2z M1-8l8 4l-8 4z" />,
  request: <path class="s-request" d="M0-8v16" />,
  rejected: <path class="s-bad-line" d="M-5-5l10 10M5-5l-10 10" />,
  unanswered: <path class="s-warn-line" d="M0-6l6 11h-12z" />,
  exchanged: <circle class="s-good" r="6" />,
  refused: <path class="s-bad-line" d="M-5-5l10 10M5-5l-10 10" />,
  failed: <path class="s-warn-line" d="M0-6l6 11h-12z" />,
  lost: <circle class="s-lost" r="6" />,
  adopted: <path class="s-other" d="M0-7l7 7l-7 7l-7-7z" />,
  note: <circle class="s-note" r="3.5" />,
  ended: <rect class="s-bad" x="-6" y="-6" width="12" height="12" rx="2" />,
  "signed-out": <rect class="s-muted" x="-6" y="-6" width="12" height="12" rx="2" />
} satisfies Record<Mark["kind"], unknown>

const isCall = (kind: Mark["kind"]): boolean => kind === "request" || kind === "rejected" || kind === "unanswered"

/** Round distances for the axis. */
const stepOf = (length: number): number =>
  [5, 10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600].map((seconds) => seconds * 1_000)
    .find((step) => length / step <= 7) ?? 21_600_000

interface AxisOptions {
  readonly from: number
  readonly to: number
  readonly height: number
  readonly x: (at: number) => number
}

const Axis = ({ from, height, to, x }: AxisOptions) => {
  const step = stepOf(to - from)
  const at = now.value
  const all: Array<number> = []
  for (let back = 0; at - back * step > from; back++) all.push(back)
  return (
    <g class="axis">
      {all.map((back) => (
        <g key={back} transform={`translate(${x(at - back * step)} 0)`}>
          <path d={`M0 16V${height - 22}`} class={back === 0 ? "now" : "tick"} />
          {x(at - back * step) > 24 && (
            <text y={height - 6} text-anchor="middle">{back === 0 ? "now" : `−${span(back * step)}`}</text>
          )}
        </g>
      ))}
    </g>
  )
}

interface DrawnOptions {
  readonly timeline: Timeline
  readonly length: number
  readonly width: number
}

const Drawn = ({ timeline, length, width }: DrawnOptions) => {
  const isNarrow = width < 560
  const lanes = isNarrow ? narrow : wide
  const { height, left } = lanes
  const at = now.value
  const from = at - length * (1 - future)
  const to = at + length * future
  const x = (time: number) =>
    Math.round((left + (Math.min(to, Math.max(from, time)) - from) / (to - from) * (width - left - right)) * 10) / 10
  const { doubts, lives, marks } = timeline
  const label = (y: number, text: string) =>
    isNarrow
      ? <text class="lane" x={left} y={y - 18}>{text}</text>
      : <text class="lane" x={left - 14} y={y + 4} text-anchor="end">{text}</text>
  return (
    <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={spoken(timeline)}>
      <defs>
        <pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <path d="M0 0v7" class="hatch-line" />
        </pattern>
        <clipPath id="stage">
          <rect x={left - 7} y="0" width={width - left - right + 14} height={height} />
        </clipPath>
      </defs>
      <Axis from={from} to={to} height={height} x={x} />
      {label(lanes.token, "Access token")}
      {timeline.showsRequests && label(lanes.requests, "Requests")}
      {!timeline.showsRequests && label(lanes.requests, "Rejections")}
      {label(lanes.exchanges, "Exchanges")}
      <g clip-path="url(#stage)">
        {lives.map((life, index) => {
          const until = Math.min(life.to ?? Infinity, lives[index + 1]?.from ?? Infinity)
          if (until < from || life.from > to) return null
          const [start, end] = [x(life.from), x(until)]
          return (
            <g key={life.generation} style={{ "--hue": hue(life.generation) }}>
              <rect
                class={life.cut === true ? "bar cut" : "bar"}
                x={start}
                y={lanes.token - bar / 2}
                width={Math.max(2, end - start - 1)}
                height={bar}
                rx="5"
              >
                <title>
                  {`Access token ${life.generation}: from ${clock(life.from)}, ${
                    life.to === undefined ? "no known end" : `ends ${clock(life.to)}`
                  }`}
                </title>
              </rect>
              {end - start > 22 && <text class="number" x={start + 9} y={lanes.token + 4.5}>{life.generation}</text>}
            </g>
          )
        })}
        {doubts.map((doubt) => (
          <rect
            key={doubt.from}
            class="doubt-time"
            x={x(doubt.from)}
            y={lanes.token - bar / 2 - 4}
            width={Math.max(3, x(doubt.to ?? at) - x(doubt.from))}
            height={bar + 8}
            rx="4"
          >
            <title>In doubt: an exchange was sent, and its outcome is unknown</title>
          </rect>
        ))}
        {marks.filter((mark) => mark.at >= from).map((mark, index) => {
          const y = isCall(mark.kind) ? lanes.requests : lanes.exchanges
          const rises = mark.kind === "exchanged" || mark.kind === "signed-in" || mark.kind === "adopted"
          return (
            <g key={index} class="mark" transform={`translate(${x(mark.at)} ${y})`}>
              {rises && <path class="rise" d={`M0-9V${lanes.token + bar / 2 - y + 1}`} />}
              {symbols[mark.kind]}
              <title>{`${clock(mark.at)}  ${mark.text}`}</title>
            </g>
          )
        })}
      </g>
    </svg>
  )
}

const spoken = ({ lives, marks, session }: Timeline): string =>
  `Time line of ${session.account}: ${lives.length} access tokens, ${marks.length} marks. The newest marks are listed below.`

const legend: ReadonlyArray<readonly [Mark["kind"], string]> = [
  ["exchanged", "new tokens"],
  ["refused", "refused or rejected"],
  ["lost", "answer lost"],
  ["failed", "failed"],
  ["adopted", "by another process"]
]

const Symbol = ({ kind }: { readonly kind: Mark["kind"] }) => (
  <svg width="18" height="18" viewBox="-9 -9 18 18" aria-hidden="true">{symbols[kind]}</svg>
)

const Legend = ({ showsRequests }: { readonly showsRequests: boolean }) => (
  <ul class="legend" aria-label="Legend">
    <li>
      <span class="sample bar-sample" aria-hidden="true">3</span>life of token 3
    </li>
    {showsRequests && (
      <li>
        <Symbol kind="request" />request answered
      </li>
    )}
    {legend.filter(([kind]) => kind !== "adopted" || !showsRequests).map(([kind, words]) => (
      <li key={kind}>
        <Symbol kind={kind} />
        {words}
      </li>
    ))}
    <li>
      <span class="sample doubt-sample" aria-hidden="true" />in doubt
    </li>
  </ul>
)

/** The newest marks, newest first. Equal ones in a row are one line. */
const grouped = (marks: ReadonlyArray<Mark>): ReadonlyArray<{ readonly mark: Mark; count: number }> => {
  const groups: Array<{ readonly mark: Mark; count: number }> = []
  for (let index = marks.length - 1; index >= 0; index--) {
    const mark = marks[index]
    const last = groups.at(-1)
    if (mark === undefined) break
    if (last !== undefined && last.mark.text === mark.text && last.mark.kind === mark.kind) last.count++
    else if (groups.length === shown) break
    else groups.push({ mark, count: 1 })
  }
  return groups
}

const shown = 7

const Newest = ({ marks }: { readonly marks: ReadonlyArray<Mark> }) => (
  <ol class="newest" aria-label="What happened last">
    {grouped(marks).map(({ count, mark }, index) => (
      <li key={`${mark.at}-${index}`}>
        <time>{clock(mark.at)}</time>
        <Symbol kind={mark.kind} />
        <span>
          {mark.text}
          {count > 1 && <em>{`×\u00a0${count}`}</em>}
        </span>
      </li>
    ))}
  </ol>
)

export const Picture = ({ timeline }: { readonly timeline: Timeline }) => {
  const box = useRef<HTMLDivElement>(null)
  const width = useSignal(720)
  const chosen = useSignal<number | undefined>(undefined)
  const length = chosen.value ?? fitting(timeline)
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const observer = new ResizeObserver(() => {
      width.value = Math.max(240, Math.floor(element.clientWidth))
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return (
    <>
      <div class="windows" role="group" aria-label="How far back">
        {windows.map(([words, millis]) => (
          <button
            key={words}
            type="button"
            aria-pressed={length === millis}
            onClick={() => {
              chosen.value = millis
            }}
          >
            {words}
          </button>
        ))}
      </div>
      <div class="picture" ref={box}>
        <Drawn timeline={timeline} length={length} width={width.value} />
      </div>
      <Legend showsRequests={timeline.showsRequests} />
      <Newest marks={timeline.marks} />
    </>
  )
}
