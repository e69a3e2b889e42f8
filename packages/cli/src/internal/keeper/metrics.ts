/** The metrics of this process as Prometheus reads them. No label is a secret or an account. */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type * as MetricPair from "effect/MetricPair"
import * as MetricState from "effect/MetricState"

const nameOf = (name: string): string => name.replaceAll(/\W/g, "_")

const quoted = (text: string): string =>
  `"${text.replaceAll("\\", "\\\\").replaceAll("\"", "\\\"").replaceAll("\n", "\\n")}"`

type Label = readonly [key: string, value: string]

const line = (name: string, labels: ReadonlyArray<Label>, value: number | bigint): string => {
  const inner = labels.map(([key, text]) => `${nameOf(key)}=${quoted(text)}`).join(",")
  return `${name}${inner === "" ? "" : `{${inner}}`} ${String(value).replace("Infinity", "+Inf")}`
}

const bucketEnd = (end: number): string => Number.isFinite(end) ? String(end) : "+Inf"

interface Lines {
  readonly type: string
  readonly lines: ReadonlyArray<string>
}

const linesOf = (name: string, labels: ReadonlyArray<Label>, state: unknown): Lines | undefined => {
  if (MetricState.isCounterState(state)) {
    return { type: "counter", lines: [line(`${name}_total`, labels, state.count)] }
  }
  if (MetricState.isGaugeState(state)) return { type: "gauge", lines: [line(name, labels, state.value)] }
  if (!MetricState.isHistogramState(state)) return undefined
  const buckets = Array.from(
    state.buckets,
    ([end, count]) => line(`${name}_bucket`, [...labels, ["le", bucketEnd(end)]], count)
  )
  return {
    type: "histogram",
    lines: [
      ...buckets,
      line(`${name}_bucket`, [...labels, ["le", "+Inf"]], state.count),
      line(`${name}_sum`, labels, state.sum),
      line(`${name}_count`, labels, state.count)
    ]
  }
}

const render = (pairs: ReadonlyArray<MetricPair.MetricPair.Untyped>): string => {
  const found = new Map<string, { readonly type: string; readonly lines: Array<string> }>()
  for (const { metricKey, metricState } of pairs) {
    const { name, tags } = metricKey
    if (!name.startsWith("effect_auth")) continue
    const labels = Array.from(tags, ({ key, value }): Label => [key, value])
    const one = linesOf(nameOf(name), labels, metricState)
    if (one === undefined) continue
    const before = found.get(name) ?? { type: one.type, lines: [] }
    for (const text of one.lines) before.lines.push(text)
    found.set(name, before)
  }
  return Array.from(found, ([name, { lines, type }]) => {
    const of = type === "counter" ? `${nameOf(name)}_total` : nameOf(name)
    return `# TYPE ${of} ${type}\n${lines.join("\n")}\n`
  }).join("")
}

export const text: Effect.Effect<string> = Effect.map(Metric.snapshot, render)
