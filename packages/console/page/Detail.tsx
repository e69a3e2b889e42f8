/** The chosen session: its facts in words, and its time line. */
import type { ComponentChildren } from "preact"
import type { SessionRow } from "../src/ConsoleModel.ts"
import { Picture } from "./Picture.tsx"
import { lifeOf } from "./Sessions.tsx"
import { now, rows, sandboxes, selected, timeline } from "./state.ts"
import { clock, span } from "./time.ts"

const Fact = ({ name, children, tone }: {
  readonly name: string
  readonly children: ComponentChildren
  readonly tone?: string | undefined
}) => (
  <div class={tone === undefined ? "fact" : `fact ${tone}`}>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

const refreshWords = (row: SessionRow, at: number): string => {
  const { dueAt, failures = 0, refreshing } = row
  if (refreshing) return "under way now"
  if (failures > 0) {
    const wait = (dueAt ?? at) - at
    return `${failures} failed, next attempt ${wait > 0 ? `in ${span(wait)}` : "now"}`
  }
  if (dueAt === undefined) return "when it is needed"
  return dueAt > at ? `ahead of expiry, in ${span(dueAt - at)}` : "due now"
}

const Facts = ({ row }: { readonly row: SessionRow }) => {
  const at = now.value
  const life = lifeOf(row, at)
  const { inDoubtSince, reauthenticateBy } = row
  return (
    <dl class="facts">
      <Fact name="Access token" tone={row.state === "active" ? life.tone : "over"}>
        {row.generation > 0 && row.state === "active" ? `number ${row.generation}, ${life.words}` : life.words}
      </Fact>
      {row.state === "active" && (sandboxes.value.length === 0 || row.dueAt !== undefined) && (
        <Fact name="Refresh">{refreshWords(row, at)}</Fact>
      )}
      {row.state === "active" && (
        <Fact name="Sign-in needed" tone={(reauthenticateBy ?? Infinity) - at < 86_400_000 ? "due" : undefined}>
          {reauthenticateBy === undefined
            ? "no end is known"
            : reauthenticateBy > at
            ? `in ${span(reauthenticateBy - at)}`
            : "now"}
        </Fact>
      )}
      {row.state === "ended" && <Fact name="Reason" tone="dead">{(row.reason ?? "").replaceAll("-", " ")}</Fact>}
      {inDoubtSince !== undefined && <Fact name="In doubt" tone="due">{`no answer since ${clock(inDoubtSince)}`}</Fact>}
      {row.degraded && <Fact name="Store" tone="due">the newest tokens are not saved yet</Fact>}
    </dl>
  )
}

export const Detail = () => {
  const id = selected.value
  const row = id === undefined ? undefined : rows.value.get(id)
  return (
    <section class="card detail" aria-labelledby="detail-title">
      {row === undefined
        ? (
          <>
            <header>
              <h2 id="detail-title">Time line</h2>
            </header>
            <p class="empty">Choose a session. Its time line shows when tokens lived, and what replaced them.</p>
          </>
        )
        : (
          <>
            <header>
              <h2 id="detail-title">{row.account}</h2>
              <span class="muted">{row.provider}</span>
              <span class={`state ${row.state}`}>{row.state.replace("-", " ")}</span>
            </header>
            <Facts row={row} />
            {timeline.value !== undefined && <Picture key={row.id} timeline={timeline.value} />}
          </>
        )}
    </section>
  )
}
