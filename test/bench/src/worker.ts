/** One measurement of many sessions, in a process of its own: its heap holds nothing else. */
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import type * as AuthService from "@effect-auth/core/AuthService"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import type { SessionRecord } from "@effect-auth/core/SessionRecord"
import type { TokenSet } from "@effect-auth/core/TokenSet"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as Interval from "effect/ScheduleInterval"
import * as v8 from "node:v8"
import type { Due, Heap } from "./sessions.ts"
import * as stub from "./stub.ts"

/** A text as a parser makes it: one piece, shared with nothing. */
const parsed = (text: string): string => Buffer.from(text, "latin1").toString("latin1")

const numbered = (index: number): string => String(index).padStart(7, "0")
const indexOf = (text: string): number => Number(text.slice(-7))

const used = async (): Promise<number> => {
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return v8.getHeapStatistics().used_heap_size + process.memoryUsage().external
}

const cpuOf = (before: NodeJS.CpuUsage): number => {
  const { system, user } = process.cpuUsage(before)
  return system + user
}

/**
 * A database as the heap sees it: each read makes a new record. Access tokens and their wrappers are made before and held
 * here, so that what is measured is everything else.
 */
const elsewhere = (tokens: ReadonlyArray<Redacted.Redacted<string>>): TokenStore.Service => {
  const refreshToken = Redacted.make("refresh")
  const now = Date.now()
  return {
    get: ({ account, provider, realm }) =>
      Effect.sync((): Option.Option<SessionRecord> =>
        Option.some({
          format: 1,
          provider,
          realm,
          account: parsed(account),
          version: 3,
          session: parsed(`session-${account.slice(-8)}`),
          generation: 2,
          state: { _tag: "active" },
          born: "time",
          commitId: parsed(`commit--${account}`),
          tokens: {
            accessToken: tokens[indexOf(account) % tokens.length]!,
            refreshToken,
            obtainedAt: now - 1_000,
            lifetime: stub.lifetime * 1_000
          }
        })
      ),
    compareAndSet: () => Effect.succeed(true)
  }
}

const heap = (count: number, rounds: number): Effect.Effect<Heap> =>
  Effect.gen(function*() {
    const load = (sessions: AuthSessions.AuthSessions<AuthService.AuthService<unknown>>, count: number) =>
      Effect.gen(function*() {
        for (let index = 0; index < count; index++) {
          const auth = yield* sessions.get(parsed(`member-${numbered(index)}`))
          yield* auth.accessToken
        }
      })
    const fresh = AuthSessions.make(stub.provider, { idleAfter: "30 days" })
    yield* Effect.scoped(Effect.flatMap(fresh, (sessions) => load(sessions, 20_000)))
    const bytes: Array<number> = []
    const created: Array<number> = []
    for (let round = 0; round < rounds; round++) {
      yield* Effect.scoped(Effect.gen(function*() {
        const sessions = yield* fresh
        const before = yield* Effect.promise(used)
        const cpu = process.cpuUsage()
        yield* load(sessions, count)
        created.push(cpuOf(cpu) / count)
        bytes.push(((yield* Effect.promise(used)) - before) / count)
        if ((yield* sessions.size) !== count) return yield* Effect.dieMessage("sessions are missing")
      }))
    }
    return { bytes, created }
  }).pipe(
    Effect.provideService(
      TokenStore.TokenStore,
      elsewhere(Array.from({ length: count }, (_, index) => Redacted.make(parsed(`access-${numbered(index)}`))))
    ),
    Effect.orDie
  )

/** A clock that can be set ahead: sessions are loaded at leisure, and then fall due all together. */
const makeClock = () => {
  const real = Clock.make()
  let ahead = 0
  const millis = () => real.unsafeCurrentTimeMillis() + ahead
  const nanos = () => real.unsafeCurrentTimeNanos() + BigInt(ahead) * 1_000_000n
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    sleep: (duration) => real.sleep(duration),
    unsafeCurrentTimeMillis: millis,
    currentTimeMillis: Effect.sync(millis),
    unsafeCurrentTimeNanos: nanos,
    currentTimeNanos: Effect.sync(nanos)
  }
  return { clock, millis, set: (to: number) => ahead += to - millis() }
}

/**
 * How long the event loop stands still at most, on the wall and in CPU time of this process, in milliseconds. Watching
 * costs CPU itself, a tenth of a millisecond for every refresh: it is left out where lateness is measured.
 */
const watch = () => {
  const most = { wall: 0, cpu: 0 }
  let at = performance.now()
  let cpu = process.cpuUsage()
  let timer = setTimeout(tick, 1)
  function tick() {
    const now = performance.now()
    most.wall = Math.max(most.wall, now - at)
    most.cpu = Math.max(most.cpu, cpuOf(cpu) / 1_000)
    at = performance.now()
    cpu = process.cpuUsage()
    timer = setTimeout(tick, 1)
  }
  return () => {
    clearTimeout(timer)
    return most
  }
}

/** What a program that works 4 ms at a time sees on this machine: what is beyond that is not its doing. */
const control = (length: number): Effect.Effect<number> =>
  Effect.gen(function*() {
    const stop = watch()
    for (const end = performance.now() + length; performance.now() < end;) {
      for (const pause = performance.now() + 4; performance.now() < pause;);
      yield* Effect.sleep(0)
    }
    return stop().wall
  })

const hour = 3_600_000

/** `count` sessions are held; of them `due` fall due, spread over `over` ms; watched for `watched` ms. */
const due = (count: number, dueCount: number, over: number, watched: number): Effect.Effect<Due> => {
  const { clock, millis, set } = makeClock()
  const at = millis() + hour
  const dues = Float64Array.from({ length: count }, (_, index) => at + over * (index * 0.618034 % 1))
  const late: Array<number> = []
  const indexIn = (tokens: Pick<TokenSet, "refreshToken">) => indexOf(Redacted.value(tokens.refreshToken!))
  const ahead: Schedule.Schedule<Duration.Duration, TokenSet> = Schedule.makeWithState(
    undefined,
    (now, tokens: TokenSet) =>
      Effect.sync(() => {
        const index = indexIn(tokens)
        const isFirst = tokens.scopes === undefined && index < dueCount
        const next = isFirst ? dues[index]! : index === count ? now + 1 : now + 20 * hour
        return [undefined, Duration.zero, ScheduleDecision.continueWith(Interval.after(next))] as const
      })
  )
  const provider: AuthProvider<unknown> = {
    ...stub.provider,
    refresh: (refreshToken) =>
      Effect.sync(() => {
        const index = indexIn({ refreshToken })
        if (index < count) late.push(millis() - dues[index]!)
        return { accessToken: Redacted.make("renewed"), scopes: [], expiresIn: stub.lifetime }
      })
  }
  const recordOf = (account: string, index: number): SessionRecord => ({
    format: 1,
    provider: provider.name,
    realm: provider.realm,
    account,
    version: 1,
    session: parsed(`session--${numbered(index)}`),
    generation: 1,
    state: { _tag: "active" },
    born: "signIn",
    commitId: "",
    tokens: {
      accessToken: Redacted.make(parsed(`access-${numbered(index)}`)),
      refreshToken: Redacted.make(parsed(`refresh-${numbered(index)}`)),
      obtainedAt: millis(),
      lifetime: stub.lifetime * 1_000
    }
  })
  return Effect.gen(function*() {
    const store = yield* TokenStore.makeMemory
    const sessions = yield* AuthSessions.make(provider, { idleAfter: "30 days", refresh: { ahead } }).pipe(
      Effect.provideService(TokenStore.TokenStore, store)
    )
    // The last one, beyond the count, is due at once and wakes the schedule, which then sees where the clock stands.
    const load = (index: number) => {
      const account = `member-${numbered(index)}`
      return Effect.zipRight(
        store.compareAndSet({ provider: provider.name, realm: provider.realm, account }, 0, recordOf(account, index)),
        Effect.flatMap(sessions.get(account), (auth) => auth.accessToken)
      )
    }
    for (let index = 0; index < count; index++) yield* load(index)
    // In a process that never refreshed the first hundred are late by as long as it takes to compile the code.
    yield* load(count + 1)
    const warm = yield* sessions.get(`member-${numbered(count + 1)}`)
    for (let round = 0; round < 2_000; round++) yield* warm.refresh
    yield* Effect.promise(used)
    const before = yield* control(2_000)
    set(at - 1_000)
    yield* load(count)
    yield* Effect.sleep(at - millis() - 100)
    const stop = over === 0 ? watch() : () => ({ wall: 0, cpu: 0 })
    const cpu = process.cpuUsage()
    yield* Effect.sleep(100 + watched)
    const stall = stop()
    const each = cpuOf(cpu) / Math.max(1, late.length)
    return { stall: stall.wall, stallCpu: stall.cpu, control: before, late: late.slice(0, dueCount), cpu: each }
  }).pipe(Effect.scoped, Effect.withClock(clock), Effect.orDie)
}

const [task, ...numbers] = process.argv.slice(2)
const [first = 0, second = 0, third = 0, fourth = 0] = numbers.map(Number)
const result = await Effect.runPromise<Heap | Due, never>(
  task === "heap" ? heap(first, second) : due(first, second, third, fourth)
)
process.send?.(result, () => process.exit(0))
