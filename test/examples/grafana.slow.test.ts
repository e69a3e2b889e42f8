/** The board and the alarm rules of docs/grafana ask for metrics and labels that a real program exports. */
import type { SessionEvent, Trigger } from "@effect-auth/core/SessionEvent"
import * as Telemetry from "@effect-auth/core/Telemetry"
import { spawn, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { createServer } from "node:http"
import { createRequire } from "node:module"
import { fileURLToPath, pathToFileURL } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { listen } from "../support/loopback.ts"

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href

interface Asked {
  readonly metric: string
  readonly labels: ReadonlyArray<readonly [name: string, values: string]>
  readonly expression: string
}

/** The series that an expression of PromQL asks for. */
const askedIn = (expression: string): ReadonlyArray<Asked> =>
  Array.from(expression.matchAll(/\b(effect_auth_\w+)(\{[^}]*\})?/g), ([, metric = "", braces = ""]) => ({
    metric,
    labels: Array.from(braces.matchAll(/(\w+)=~?"([^"]*)"/g), ([, name = "", values = ""]) => [name, values] as const),
    expression
  })).filter(({ metric }) => !labelNames.includes(metric))

const labelNames: ReadonlyArray<string> = Object.values(Telemetry.attributes).map((name) => name.replaceAll(".", "_"))

const board = JSON.parse(fs.readFileSync(file("docs/grafana/effect-auth.json"), "utf8"))
const rules = fs.readFileSync(file("docs/grafana/alarms.yaml"), "utf8")

const ofBoard: ReadonlyArray<string> = board.panels.flatMap((
  panel: { readonly targets: ReadonlyArray<{ readonly expr: string }> }
) => panel.targets.map(({ expr }) => expr))
const ofRules = Array.from(rules.matchAll(/^\s+expr: (.+)$/gm), ([, expression = ""]) => expression)

/** The values that a label may have. The compiler checks those that have a type. */
const events: ReadonlyArray<SessionEvent["_tag"]> = ["Ended", "Suspect", "ReauthenticationDue", "Degraded", "Recovered"]
const triggers: ReadonlyArray<Trigger> = ["scheduled", "expired", "rejected", "forced", "credentials"]
const values: Readonly<Record<string, ReadonlyArray<string>>> = {
  effect_auth_event: events,
  effect_auth_trigger: triggers,
  effect_auth_outcome: ["refreshed", "adopted", "failed", "ended", "replayed", "not-renewed", "rejected-again"],
  error_type: ["AuthMisconfigured"]
}

const hasPrometheus = spawnSync("promtool", ["--version"]).status === 0

describe("the board and the alarm rules", () => {
  let exported = ""
  let child: ReturnType<typeof spawn>

  beforeAll(async () => {
    const free = createServer()
    const port = new URL(await listen(free)).port
    await new Promise((resolve) => free.close(resolve))
    child = spawn(process.execPath, [
      "--import",
      tsx,
      fileURLToPath(new URL("metricsProgram.ts", import.meta.url)),
      port
    ])
    for await (const chunk of child.stdout ?? []) if (String(chunk).includes("ready")) break
    exported = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  })

  afterAll(() => void child?.kill("SIGKILL"))

  const seriesOf = (metric: string) => exported.split("\n").filter((line) => line.startsWith(`${metric}{`))

  it.skipIf(!hasPrometheus)(
    "Prometheus reads the rules, and each alarm is raised by its series and by no other",
    () => {
      const { status, stderr, stdout } = spawnSync("promtool", [
        "test",
        "rules",
        file("test/examples/alarms.rules.yaml")
      ])
      assert.strictEqual(status, 0, `${String(stdout)}${String(stderr)}`)
      const tested = fs.readFileSync(file("test/examples/alarms.rules.yaml"), "utf8")
      for (const [, name = ""] of rules.matchAll(/- alert: (\w+)/g)) assert.include(tested, `alertname: ${name}\n`)
    }
  )

  it("there are panels and rules", () => {
    assert.isAbove(ofBoard.length, 10)
    assert.isAbove(ofRules.length, 6)
    assert.strictEqual((rules.match(/- alert: /g) ?? []).length, ofRules.length)
  })

  for (const expression of [...ofBoard, ...ofRules]) {
    it(`is exported: ${expression}`, () => {
      const asked = askedIn(expression)
      assert.isAbove(asked.length, 0)
      for (const { labels, metric } of asked) {
        const series = seriesOf(metric)
        assert.isAbove(series.length, 0, `${metric} is exported`)
        for (const [name, wanted] of labels) {
          assert.isTrue(series.some((line) => line.includes(`${name}="`)), `${metric} has the label ${name}`)
          if (wanted === "$provider") continue
          for (const value of wanted.split("|")) assert.include(values[name] ?? [], value)
        }
      }
      for (const [, grouped = ""] of expression.matchAll(/by \(([\w, ]+)\)/g)) {
        for (const name of grouped.split(", ")) {
          const has = asked.some(({ metric }) => seriesOf(metric).some((line) => line.includes(`${name}="`)))
          assert.isTrue(has, `the label ${name} is exported`)
        }
      }
    })
  }

  it("every metric of Telemetry is on the board", () => {
    for (const name of Object.values(Telemetry.metrics)) {
      assert.isTrue(ofBoard.some((expression) => expression.includes(name.replaceAll(".", "_"))), name)
    }
  })
})
