/** The list of sessions. Only the rows that can be seen are in the page. */
import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import type { SessionRow } from "../src/ConsoleModel.ts"
import { attention, filter, listed, now, rows, sandboxes, search, select, selected } from "./state.ts"
import { hue, span } from "./time.ts"

/** Pixels, as in the style. */
const rowHeight = 64
/** Rows above and below those that can be seen. */
const spare = 6

const marginOf = (length: number): number => Math.min(30_000, length / 10)

interface LifeOf {
  readonly part: number
  readonly tone: "fresh" | "due" | "dead"
  readonly words: string
}

/** How much of the access token's life is left. */
export const lifeOf = (row: SessionRow, at: number): LifeOf => {
  const { expiresAt, obtainedAt } = row
  if (row.state === "signed-out") return { part: 0, tone: "dead", words: "signed out" }
  if (row.state === "ended") {
    const words = expiresAt !== undefined && expiresAt > at ? `ended, served ${span(expiresAt - at)} more` : "ended"
    return { part: 0, tone: "dead", words }
  }
  if (obtainedAt === undefined) return { part: 0, tone: "dead", words: "no access token" }
  if (expiresAt === undefined) return { part: 1, tone: "fresh", words: "no known end" }
  const left = expiresAt - at
  const length = Math.max(1, expiresAt - obtainedAt)
  if (left <= 0) return { part: 0, tone: "dead", words: "expired" }
  const tone = left <= marginOf(length) ? "dead" : row.dueAt !== undefined && row.dueAt <= at ? "due" : "fresh"
  return { part: Math.min(1, left / length), tone, words: `${span(left)} left` }
}

const Chips = ({ row, at }: { readonly row: SessionRow; readonly at: number }) => {
  const wait = row.failures !== undefined && row.failures > 0 ? (row.dueAt ?? at) - at : undefined
  return (
    <span class="chips">
      {row.refreshing && <span class="chip">refreshing</span>}
      {row.inDoubtSince !== undefined && <span class="chip doubt">in doubt</span>}
      {wait !== undefined && <span class="chip warn">{wait > 0 ? `retry in ${span(wait)}` : "retrying"}</span>}
      {row.degraded && <span class="chip warn">not saved</span>}
      {row.state === "ended" && <span class="chip bad">{(row.reason ?? "over").replaceAll("-", " ")}</span>}
    </span>
  )
}

const Row = ({ row, index, count }: { readonly row: SessionRow; readonly index: number; readonly count: number }) => {
  const at = now.value
  const life = lifeOf(row, at)
  const isSelected = selected.value === row.id
  return (
    <li
      id={`row-${index}`}
      role="option"
      aria-selected={isSelected}
      aria-setsize={count}
      aria-posinset={index + 1}
      class={`row ${row.state}`}
      style={{ transform: `translateY(${index * rowHeight}px)` }}
      onClick={() => select(row.id)}
    >
      <span class={`dot ${row.state === "active" ? life.tone : "over"}`} aria-hidden="true" />
      <span class="who">
        <b>{row.account}</b> <span class="muted">{row.provider}</span>
      </span>
      {row.generation > 0
        ? <span class="generation" style={{ "--hue": hue(row.generation) }} title="generation">{row.generation}</span>
        : <span />}
      <span class="life" style={{ "--hue": hue(row.generation) }} aria-hidden="true">
        <i style={{ width: `${life.part * 100}%` }} />
      </span>
      <span class="left">{life.words}</span>
      <Chips row={row} at={at} />
    </li>
  )
}

const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }

const Empty = () => (
  <p class="empty">
    {rows.value.size > 0
      ? "No session fits the search."
      : sandboxes.value.length > 0
      ? "Nobody has signed in yet. Take one of the lines to copy, and the session appears here."
      : "No session is in memory yet."}
  </p>
)

const List = () => {
  const box = useRef<HTMLUListElement>(null)
  const top = useSignal(0)
  const height = useSignal(640)
  const all = listed.value
  const index = all.findIndex((row) => row.id === selected.value)
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const observer = new ResizeObserver(() => {
      height.value = element.clientHeight
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const show = (to: number) => {
    const element = box.current
    const row = all[to]
    if (element === null || row === undefined) return
    select(row.id)
    const [above, below] = [to * rowHeight, (to + 1) * rowHeight]
    if (above < element.scrollTop) element.scrollTop = above
    else if (below > element.scrollTop + element.clientHeight) element.scrollTop = below - element.clientHeight
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const last = all.length - 1
    const step = steps[event.key]
    const to = event.key === "Home" ? 0 : event.key === "End" ? last : step === undefined ? undefined : index + step
    if (to === undefined) return
    event.preventDefault()
    show(Math.max(0, Math.min(last, to)))
  }
  const first = Math.max(0, Math.floor(top.value / rowHeight) - spare)
  const some = all.slice(first, Math.ceil((top.value + height.value) / rowHeight) + spare)
  return (
    <ul
      ref={box}
      class="list"
      role="listbox"
      aria-label="Sessions"
      tabIndex={0}
      style={{ "--all": `${all.length * rowHeight + 1}px` }}
      aria-activedescendant={index >= first && index < first + some.length ? `row-${index}` : undefined}
      onScroll={(event) => {
        top.value = event.currentTarget.scrollTop
      }}
      onKeyDown={onKeyDown}
    >
      <li class="room" role="presentation" style={{ height: `${all.length * rowHeight}px` }} />
      {some.map((row, offset) => <Row key={row.id} row={row} index={first + offset} count={all.length} />)}
    </ul>
  )
}

const filters = [["all", "All"], ["active", "Active"], ["attention", "Need a look"], ["over", "Over"]] as const

export const Sessions = () => (
  <section class="card sessions" aria-labelledby="sessions-title">
    <header>
      <h2 id="sessions-title">Sessions</h2>
      <span class="count" data-testid="count">
        {rows.value.size.toLocaleString("en")}
        {attention.value > 0 && (
          <em>{attention.value.toLocaleString("en")} {attention.value === 1 ? "needs" : "need"} a look</em>
        )}
      </span>
    </header>
    <div class="tools">
      <input
        type="search"
        placeholder="Search accounts"
        aria-label="Search accounts"
        value={search.value}
        onInput={(event) => {
          search.value = event.currentTarget.value
        }}
      />
      <select
        aria-label="Which sessions"
        value={filter.value}
        onChange={(event) => {
          filter.value = filters.find(([name]) => name === event.currentTarget.value)?.[0] ?? "all"
        }}
      >
        {filters.map(([name, words]) => <option key={name} value={name}>{words}</option>)}
      </select>
    </div>
    {listed.value.length === 0 ? <Empty /> : <List />}
  </section>
)
