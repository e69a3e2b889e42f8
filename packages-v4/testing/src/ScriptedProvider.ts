/**
 * An `AuthProvider` that answers from a script, without HTTP. With it, tests check an application, a store or the
 * session machine when an exchange succeeds, fails, takes long or never ends.
 *
 * @since 0.1.0
 */
import type * as AuthProvider from "@effect-auth/core/AuthProvider"
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

/**
 * A function of the provider.
 *
 * @since 0.1.0
 * @category models
 */
export type Operation = "signIn" | "refresh" | "revoke"

/**
 * One answer of the script. It runs when the function is called. `ok` is the answer of an empty script.
 *
 * @since 0.1.0
 * @category models
 */
export interface Step {
  readonly run: <A>(ok: Effect.Effect<A>) => Effect.Effect<A, ExchangeFailure>
  /** Changes the tokens that are issued. */
  readonly response?: Partial<AuthProvider.TokenResponse> | undefined
}

/**
 * Succeeds, with changes to the tokens that are issued.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ok = (response?: Partial<AuthProvider.TokenResponse>): Step => ({ run: (ok) => ok, response })

/**
 * Fails.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fail = (failure: ExchangeFailure): Step => ({ run: () => Effect.fail(failure) })

/**
 * Issues tokens, then fails: a spent refresh token whose answer is lost.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lose = (failure: ExchangeFailure): Step => ({
  run: (ok) => Effect.andThen(ok, Effect.fail(failure))
})

/**
 * Throws, like code with a bug.
 *
 * @since 0.1.0
 * @category constructors
 */
export const die = (defect: unknown): Step => ({ run: () => Effect.die(defect) })

/**
 * Never ends; can be interrupted.
 *
 * @since 0.1.0
 * @category constructors
 */
export const never: Step = { run: () => Effect.never }

/**
 * Waits, then runs another step.
 *
 * @since 0.1.0
 * @category combinators
 */
export const after = (time: Duration.Input, step: Step = ok()): Step => ({
  ...step,
  run: (ok) => Effect.delay(step.run(ok), time)
})

/**
 * One call of the provider.
 *
 * @since 0.1.0
 * @category models
 */
export interface Call {
  readonly operation: Operation
  /** Epoch milliseconds. */
  readonly at: number
  /** The refresh token that was sent: `refresh-1`. */
  readonly presented?: string | undefined
  /** Whether it had been exchanged before. */
  readonly spent: boolean
  /** The number of the issued tokens; absent while none are issued. */
  readonly issued?: number | undefined
}

/**
 * The provider with its script.
 *
 * @since 0.1.0
 * @category models
 */
export interface ScriptedProvider<in Credentials> {
  readonly provider: AuthProvider.AuthProvider<Credentials>
  /** Adds steps; each call of that function takes the next one. */
  readonly enqueue: (operation: Operation, ...steps: ReadonlyArray<Step>) => Effect.Effect<void>
  /** Every call so far, in order. */
  readonly calls: Effect.Effect<ReadonlyArray<Call>>
  /** How many calls of one function there were. */
  readonly count: (operation: Operation) => Effect.Effect<number>
  /** How many refreshes sent a token that had been exchanged before. */
  readonly spent: Effect.Effect<number>
}

/**
 * The properties of the provider. Tokens are `access-1` and `refresh-1`, then `access-2` and `refresh-2`, …
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Default: `scripted`. */
  readonly name?: string | undefined
  /** Default: `test`. */
  readonly realm?: string | undefined
  /** Default: `https://api.test`. */
  readonly origins?: ReadonlyArray<string> | undefined
  /** Default: `rotating`. */
  readonly rotation?: AuthProvider.Rotation | undefined
  /** Default: status 401. */
  readonly rejection?: AuthProvider.Rejection | undefined
  /** The lifetime of access tokens in seconds. Default: 3600. */
  readonly expiresIn?: number | undefined
  /** How long an exchange takes without a step in the script. Default: no time. */
  readonly latency?: Duration.Input | undefined
  readonly defaultLifetime?: Duration.Input | undefined
  readonly revokeReplaced?: boolean | undefined
  readonly singleUse?: boolean | undefined
}

type Open = { -readonly [K in keyof Call]: Call[K] }

const makeScript = (options: Options) => {
  const steps: Record<Operation, Array<Step>> = { signIn: [], refresh: [], revoke: [] }
  const calls: Array<Open> = []
  const presentedBefore = new Set<string>()
  let issued = 0
  const latency = options.latency === undefined ? ok() : after(options.latency)
  const open = (operation: Operation, presented?: string) =>
    Effect.map(Clock.currentTimeMillis, (at) => {
      const call: Open = { operation, at, presented, spent: presented !== undefined && presentedBefore.has(presented) }
      calls.push(call)
      return { call, step: steps[operation].shift() ?? latency }
    })
  const issue = (call: Open, step: Step): Effect.Effect<AuthProvider.TokenResponse> =>
    Effect.sync(() => {
      issued = issued + 1
      call.issued = issued
      if (call.presented !== undefined) presentedBefore.add(call.presented)
      const refreshToken = options.rotation === "none"
        ? undefined
        : options.rotation === "static"
        ? call.presented ?? `refresh-${issued}`
        : `refresh-${issued}`
      return {
        accessToken: Redacted.make(`access-${issued}`),
        ...(refreshToken === undefined ? {} : { refreshToken: Redacted.make(refreshToken) }),
        expiresIn: options.expiresIn ?? 3600,
        ...step.response
      }
    })
  const exchange = (operation: "signIn" | "refresh", presented?: string) =>
    Effect.flatMap(open(operation, presented), ({ call, step }) => step.run(issue(call, step)))
  const revoke = Effect.flatMap(open("revoke"), ({ step }) => step.run(Effect.void))
  return { steps, calls, exchange, revoke }
}

/**
 * Makes a provider whose script is empty: everything succeeds at once.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <Credentials = unknown>(options: Options = {}): Effect.Effect<ScriptedProvider<Credentials>> =>
  Effect.sync(() => {
    const script = makeScript(options)
    const read = <A>(f: (calls: ReadonlyArray<Call>) => A) => Effect.sync(() => f(script.calls))
    const refresh = (token: Redacted.Redacted<string>) => script.exchange("refresh", Redacted.value(token))
    return {
      provider: {
        name: options.name ?? "scripted",
        realm: options.realm ?? "test",
        origins: options.origins ?? ["https://api.test"],
        rotation: options.rotation ?? "rotating",
        rejection: options.rejection ?? { statuses: [401] },
        defaultLifetime: options.defaultLifetime,
        revokeReplaced: options.revokeReplaced,
        singleUse: options.singleUse,
        signIn: () => script.exchange("signIn"),
        ...(options.rotation === "none" ? {} : { refresh }),
        revoke: () => script.revoke
      },
      enqueue: (operation, ...steps) =>
        Effect.sync(() => {
          for (const step of steps) script.steps[operation].push(step)
        }),
      calls: read((calls) => calls.map((call) => ({ ...call }))),
      count: (operation) => read((calls) => calls.filter((call) => call.operation === operation).length),
      spent: read((calls) => calls.filter((call) => call.spent && call.operation === "refresh").length)
    }
  })
