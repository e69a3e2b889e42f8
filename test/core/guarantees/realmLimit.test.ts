/** G59: a rate limit of a token endpoint is a limit for all sessions of the realm. */
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import type { RefreshOptions } from "@effect-auth/core/RefreshOptions"
import * as TokenStore from "@effect-auth/core/TokenStore"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { Simulation } from "../machine/simulation.ts"

const perSecond = 20

/** How a server counts: `window` starts anew each second, `bucket` fills up all the time. */
type Kind = "window" | "bucket"

const makeWorld = (options: {
  readonly kind: Kind
  readonly retryAfter: Duration.DurationInput | undefined
  readonly latency: Duration.DurationInput
  readonly refresh?: RefreshOptions
}) => {
  const simulation = new Simulation(1, 2_048)
  const world = {
    calls: 0,
    grants: [] as Array<string>,
    /** What the server does with this account. */
    does: (_who: string): "limits" | "grants" | "is away" | "refuses" => "limits"
  }
  let left = perSecond
  let filledAt = simulation.mono
  const isAllowed = () => {
    const passed = simulation.mono - filledAt
    if (options.kind === "window") {
      if (passed >= 1_000) {
        left = perSecond
        filledAt += Math.floor(passed / 1_000) * 1_000
      }
    } else {
      left = Math.min(perSecond, left + passed * perSecond / 1_000)
      filledAt = simulation.mono
    }
    if (left < 1) return false
    left--
    return true
  }
  const tooMany = new ExchangeFailure({
    kind: "transient",
    sent: "answered",
    reason: "rate-limited",
    status: 429,
    retryAfter: options.retryAfter === undefined ? undefined : Duration.decode(options.retryAfter)
  })
  const away = new ExchangeFailure({
    kind: "transient",
    sent: "answered",
    reason: "server",
    status: 503,
    retryAfter: Duration.hours(1)
  })
  const exchange = (who: string) =>
    Effect.delay(
      Effect.suspend(() => {
        world.calls++
        const does = world.does(who)
        if (does === "is away") return Effect.fail(away)
        if (does === "refuses" || (does === "limits" && !isAllowed())) return Effect.fail(tooMany)
        world.grants.push(who)
        return Effect.succeed({ accessToken: Redacted.make(`access-${world.calls}`), expiresIn: 3_600 })
      }),
      options.latency
    )
  const provider: AuthProvider<string> = {
    name: "limited",
    realm: "test",
    origins: ["https://api.test"],
    rotation: "none",
    rejection: { statuses: [401] },
    signIn: exchange
  }
  const succeeded = <A, E>(effect: Effect.Effect<A, E>): A =>
    Option.getOrThrow(simulation.run(effect)).pipe(Exit.getOrElse((cause) => assert.fail(Cause.pretty(cause))))
  const scope = succeeded(Scope.make())
  const sessions = succeeded(
    AuthSessions.make(provider, { credentials: Effect.succeed, refresh: options.refresh, idleAfter: "1 day" }).pipe(
      Effect.provide(TokenStore.layerMemory),
      Scope.extend(scope)
    )
  )
  const close = () => Option.isSome(simulation.run(Scope.close(scope, Exit.void)))
  /** A caller who tries again as long as the error says, and the milliseconds until it had its token. */
  const ask = (account: string, onServed: (after: number) => void) => {
    const since = simulation.mono
    const asked = Effect.flatMap(sessions.get(account), (auth) =>
      Effect.retry(auth.accessToken, {
        while: (error) =>
          error._tag === "ProviderUnavailable"
            ? Effect.as(Effect.sleep(error.retryAfter ?? "1 second"), true)
            : Effect.succeed(false)
      }))
    simulation.fork(asked).addObserver((exit) => {
      if (Exit.isSuccess(exit)) onServed(simulation.mono - since)
    })
  }
  return { ask, close, sessions, simulation, succeeded, world }
}

const kinds: ReadonlyArray<readonly [Kind, Duration.DurationInput | undefined, Duration.DurationInput]> = [
  ["window", "1 second", "20 millis"],
  ["bucket", "1 second", "20 millis"],
  ["window", undefined, "20 millis"],
  ["bucket", undefined, "300 millis"],
  ["window", "1 second", "300 millis"]
]

describe("the rate limit of a token endpoint (G59)", () => {
  for (const [kind, retryAfter, latency] of kinds) {
    it(`500 sessions that are needed at once: 1.2 calls each, in the time that the limit takes (${kind}, ${retryAfter}, ${latency})`, () => {
      const { ask, close, simulation, world } = makeWorld({ kind, retryAfter, latency })
      const served: Array<number> = []
      for (let n = 0; n < 500; n++) ask(`account-${n}`, (after) => served.push(after))
      for (let second = 0; second < 60 && served.length < 500; second++) simulation.advance(1_000)
      assert.strictEqual(served.length, 500)
      assert.isAtMost(world.calls, 600)
      assert.isAtMost(Math.max(...served), 1.3 * 25_000)
      assert.isTrue(close())
    })
  }

  it("who is needed comes before what is only due, also under the limit", () => {
    const { ask, close, simulation, world } = makeWorld({
      kind: "bucket",
      retryAfter: "1 second",
      latency: "20 millis"
    })
    world.does = () => "grants"
    for (let n = 0; n < 300; n++) ask(`account-${n}`, () => {})
    simulation.advance(10_000)
    assert.strictEqual(world.grants.length, 300)
    world.does = () => "limits"
    // All are due within minutes, more than the limit allows.
    simulation.advance(43 * 60_000)
    const before = world.grants.length
    simulation.advance(20_000)
    assert.isAbove(world.grants.length, before, "the schedule works")
    let after = Infinity
    ask("new", (millis) => (after = millis))
    simulation.advance(5_000)
    assert.isAtMost(after, 1_500)
    assert.isTrue(close())
  })

  it("a limit that only one account meets slows nobody else", () => {
    const { ask, close, simulation, world } = makeWorld({
      kind: "window",
      retryAfter: "15 minutes",
      latency: "20 millis"
    })
    world.does = (who) => who === "account-0" ? "refuses" : "grants"
    const served: Array<number> = []
    ask("account-0", () => {})
    simulation.advance(30)
    for (let n = 1; n <= 200; n++) ask(`account-${n}`, (after) => served.push(after))
    simulation.advance(1_000)
    assert.strictEqual(served.length, 200)
    assert.isTrue(close())
  })

  it("while the server is away callers are told within seconds, few calls are made, and then all come back", () => {
    const { ask, close, sessions, simulation, succeeded, world } = makeWorld({
      kind: "bucket",
      retryAfter: undefined,
      latency: "20 millis",
      refresh: { retryAfterAtMost: "1 minute" }
    })
    world.does = () => "is away"
    const told: Array<number> = []
    for (let n = 0; n < 50; n++) {
      const auth = succeeded(sessions.get(`account-${n}`))
      const since = simulation.mono
      simulation.fork(auth.accessToken).addObserver((exit) => {
        if (Exit.isFailure(exit)) told.push(simulation.mono - since)
      })
    }
    simulation.advance(5_000)
    assert.strictEqual(told.length, 50)
    assert.isAtMost(Math.max(...told), 3_000)
    const served: Array<number> = []
    for (let n = 50; n < 100; n++) ask(`account-${n}`, (after) => served.push(after))
    const before = world.calls
    simulation.advance(5 * 60_000)
    assert.isAtMost(world.calls - before, 40)
    world.does = () => "grants"
    simulation.advance(90_000)
    assert.strictEqual(served.length, 50)
    assert.isTrue(close())
  })

  it("closing does not wait for those who wait for their turn", () => {
    const { ask, close, simulation } = makeWorld({ kind: "bucket", retryAfter: "1 second", latency: "20 millis" })
    for (let n = 0; n < 200; n++) ask(`account-${n}`, () => {})
    simulation.advance(2_500)
    const since = simulation.mono
    assert.isTrue(close())
    assert.isAtMost(simulation.mono - since, 1_000)
  })
})
