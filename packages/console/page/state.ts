/** What the page knows, and how it hears of changes. */
import { computed, signal } from "@preact/signals"
import type { Recipe, SandboxView, SessionRow, Timeline, Update } from "../src/ConsoleModel.ts"

/** The header that every control carries (`ConsoleApi.controlHeader`). */
const controlHeader = "x-effect-auth-console"

export const rows = signal<ReadonlyMap<string, SessionRow>>(new Map())
export const sandboxes = signal<ReadonlyArray<SandboxView>>([])
export const connection = signal<"connecting" | "live" | "lost">("connecting")
export const selected = signal<string | undefined>(undefined)
export const timeline = signal<Timeline | undefined>(undefined)
export const search = signal("")
export const filter = signal<"all" | "attention" | "active" | "over">("all")

/** The server's clock may differ from this machine's. */
let ahead = 0

/** The server's time, a few times a second. */
export const now = signal(Date.now())
setInterval(() => {
  now.value = Date.now() + ahead
}, 250)

/** Something that a person may want to look at. */
export const needsAttention = (row: SessionRow): boolean =>
  row.state === "ended" || row.inDoubtSince !== undefined || row.degraded || (row.failures ?? 0) > 0

const fits = (row: SessionRow, words: string): boolean => {
  switch (filter.value) {
    case "attention":
      if (!needsAttention(row)) return false
      break
    case "active":
      if (row.state !== "active") return false
      break
    case "over":
      if (row.state === "active") return false
  }
  return words === "" || `${row.provider} ${row.account}`.toLowerCase().includes(words)
}

export const listed = computed(() => {
  const words = search.value.trim().toLowerCase()
  return Array.from(rows.value.values()).filter((row) => fits(row, words))
})

export const attention = computed(() => Array.from(rows.value.values()).filter(needsAttention).length)

const get = async <A>(path: string): Promise<A> => {
  const response = await fetch(path, { headers: { accept: "application/json" } })
  if (!response.ok) throw new Error(`status ${response.status}`)
  return await response.json() as A
}

let asked = 0

const loadTimeline = async (id: string): Promise<void> => {
  const turn = ++asked
  const found = await get<Timeline>(`api/timeline?id=${encodeURIComponent(id)}`).catch(() => undefined)
  if (turn === asked && selected.value === id) timeline.value = found
}

export const select = (id: string): void => {
  if (selected.value !== id) timeline.value = undefined
  selected.value = id
  void loadTimeline(id)
}

const take = (update: Update): void => {
  ahead = update.now - Date.now()
  const next = new Map(update.whole ? [] : rows.value)
  for (const row of update.sessions) next.set(row.id, row)
  for (const id of update.gone) next.delete(id)
  if (update.whole || update.sessions.length > 0 || update.gone.length > 0) rows.value = next
  if (update.sandboxes !== undefined) sandboxes.value = update.sandboxes
  const id = selected.value
  if (id === undefined || !next.has(id)) {
    const [first] = listed.value
    if (first !== undefined) select(first.id)
    else {
      selected.value = undefined
      timeline.value = undefined
    }
  } else if (update.sessions.some((row) => row.id === id)) void loadTimeline(id)
}

export const listen = (): void => {
  const source = new EventSource("api/live")
  source.onmessage = (message) => {
    const start = performance.now()
    const update = JSON.parse(String(message.data)) as Update
    take(update)
    connection.value = "live"
    // For whoever measures the page: from the arrival of all sessions until they can be seen.
    if (update.whole) requestAnimationFrame(() => performance.measure("list", { start }))
  }
  source.onerror = () => {
    connection.value = "lost"
    if (source.readyState !== EventSource.CLOSED) return
    // The browser gave up, for example because the console was not there for a moment.
    setTimeout(listen, 2_000)
  }
}

export const recipesOf = (provider: string): Promise<ReadonlyArray<Recipe>> =>
  get(`api/sandboxes/${encodeURIComponent(provider)}/recipes`)

/** Sends a control. */
export const control = async <A>(provider: string, what: string, payload?: unknown): Promise<A> => {
  const response = await fetch(`api/sandboxes/${encodeURIComponent(provider)}/${what}`, {
    method: "POST",
    headers: { [controlHeader]: "1", ...(payload === undefined ? {} : { "content-type": "application/json" }) },
    ...(payload === undefined ? {} : { body: JSON.stringify(payload) })
  })
  if (!response.ok) throw new Error(`status ${response.status}`)
  return await response.json() as A
}
