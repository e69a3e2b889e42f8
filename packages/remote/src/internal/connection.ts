/** One connection to one keeper: opened with `Hello`, and never used for a call that `Hello` did not list. */
import { isAuthError } from "@effect-auth/core/AuthError"
import * as RpcClient from "@effect/rpc/RpcClient"
import type * as RpcClientError from "@effect/rpc/RpcClientError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { Endpoint } from "../Endpoint.ts"
import { type Failure, SessionRpcs } from "../SessionRpcs.ts"
import * as limits from "./limits.ts"
import { away, ofFailure, type Trouble } from "./trouble.ts"

export type Client = RpcClient.FromGroup<typeof SessionRpcs, RpcClientError.RpcClientError>

export interface Connection {
  readonly client: Client
  readonly calls: ReadonlySet<string>
  /** The headers of each call. */
  readonly headers: Readonly<Record<string, string>>
}

/** Which sessions a client asks for. */
export interface Wanted {
  readonly provider: string
  readonly realm: string
}

type Wire = Failure | RpcClientError.RpcClientError

const isFailure = (error: Wire): error is Failure => "kind" in error

/**
 * What a call came to. A keeper that closes interrupts its callers, and a broken connection is a defect: to a caller both
 * are an answer that did not come.
 */
export const settled = <A>(call: Effect.Effect<A, Wire>): Effect.Effect<A, Trouble> =>
  Effect.flatMap(Effect.exit(call), (exit) => {
    if (Exit.isSuccess(exit)) return Effect.succeed(exit.value)
    const error = Cause.failureOption(exit.cause)
    return Effect.fail(Option.isSome(error) && isFailure(error.value) ? ofFailure(error.value) : away)
  })

const bearerOf = ({ bearer }: Endpoint): Effect.Effect<string, Trouble> =>
  Redacted.isRedacted(bearer)
    ? Effect.succeed(Redacted.value(bearer))
    : Effect.mapBoth(bearer, { onFailure: () => away, onSuccess: Redacted.value })

/** An endpoint that must not be used is a wrong setting. It is not a keeper that is away. */
const unopened = (error: unknown): Trouble =>
  isAuthError(error) && error._tag === "AuthMisconfigured"
    ? { _tag: "Mismatch", what: error.errorDescription ?? "" }
    : away

/** Both sides name the versions that they speak; one in common is enough. */
const isCompatible = ({ newest, oldest }: { readonly oldest: number; readonly newest: number }): boolean =>
  newest >= limits.versions.oldest && oldest <= limits.versions.newest

export const open = (endpoint: Endpoint, wanted: Wanted): Effect.Effect<Connection, Trouble, Scope.Scope> =>
  Effect.gen(function*() {
    const authorization = `Bearer ${yield* bearerOf(endpoint)}`
    const { headers, protocol } = yield* Effect.mapError(endpoint.connect(authorization), unopened)
    const client = yield* RpcClient.make(SessionRpcs, { disableTracing: true }).pipe(
      Effect.provideService(RpcClient.Protocol, protocol)
    )
    const hello = yield* settled(client.Hello({ ...wanted, ...limits.versions }, { headers }))
    if (!isCompatible(hello)) {
      const { newest, oldest } = hello
      const what = `the keeper speaks versions ${oldest} to ${newest}, and this program ${limits.versions.oldest} to ` +
        `${limits.versions.newest}`
      return yield* Effect.fail<Trouble>({ _tag: "Mismatch", what })
    }
    return { client, calls: new Set(hello.calls), headers }
  }).pipe(
    Effect.timeoutFail({ duration: limits.connectWithin, onTimeout: () => away }),
    Effect.catchAllDefect(() => Effect.fail(away))
  )
