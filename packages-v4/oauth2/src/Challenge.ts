/**
 * What an API says when it refuses a request: `WWW-Authenticate`, parsed. A token that is good but has no right to do this is no
 * reason to refresh: it becomes {@link StepUpRequired}, with the scopes to ask the person for. The session goes on meanwhile.
 *
 * ```ts
 * import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
 * import type * as AuthService from "@effect-auth/core/AuthService"
 * import * as Challenge from "@effect-auth/oauth2/Challenge"
 * import * as Effect from "effect/Effect"
 *
 * const program = (auth: AuthService.Any) =>
 *   Effect.gen(function*() {
 *     const client = Challenge.withStepUp(yield* AuthHttpClient.fromSession(auth), auth)
 *     return yield* client.get("/reports").pipe(
 *       Effect.catchTag("StepUpRequired", ({ scopes }) => Effect.succeed(`sign in again with ${scopes.join(" ")}`))
 *     )
 *   })
 * ```
 *
 * @see RFC 6750 section 3, RFC 9110 section 11.6.1: https://www.rfc-editor.org/rfc/rfc6750#section-3
 * @since 0.1.0
 */
import type * as AuthService from "@effect-auth/core/AuthService"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Schema from "effect/Schema"
import * as challenges from "./internal/challenges.ts"

/**
 * One challenge of the header.
 *
 * @since 0.1.0
 * @category models
 */
export interface Challenge {
  /** In small letters: `bearer`. */
  readonly scheme: string
  /** Names in small letters. A parameter that comes twice is left out: two readers may see different ones. */
  readonly parameters: Readonly<Record<string, string>>
}

/**
 * Reads the header. What can't be read as challenges, and a header of more than 8 KiB, gives none.
 *
 * @since 0.1.0
 * @category conversions
 */
export const parse: (header: string | undefined) => ReadonlyArray<Challenge> = challenges.parse

/**
 * The request needs more than the session may do: sign the person in again, with `scopes`. It is not retryable, and signing
 * in with the scopes of before does not help. The session is untouched.
 *
 * @since 0.1.0
 * @category errors
 */
export class StepUpRequired extends Schema.TaggedError<StepUpRequired>("@effect-auth/oauth2/StepUpRequired")(
  "StepUpRequired",
  {
    provider: Schema.String,
    account: Schema.String,
    status: Schema.Number,
    /** What to ask for: what the session has, and what was missing. */
    scopes: Schema.Array(Schema.String),
    /** What the API named; empty where it named nothing. */
    required: Schema.Array(Schema.String),
    /** Where the API describes itself (RFC 9728 section 5.1), as it was sent: check it before it is called. */
    resourceMetadata: Schema.optional(Schema.String)
  }
) {
  /** Trying the same again later does not help. */
  readonly isRetryable = false
  override get message(): string {
    return `${this.provider} call (HTTP ${this.status}): the token lacks a scope; sign in with ${this.scopes.join(" ")}`
  }
}

/** The Bearer challenge that asks for a scope. */
const aboutScope = (status: number, header: string | undefined): Challenge | undefined => {
  if (status !== 401 && status !== 403) return undefined
  const [bearer, ...more] = parse(header).filter(({ scheme }) => scheme === "bearer")
  return more.length === 0 && bearer?.parameters["error"] === "insufficient_scope" ? bearer : undefined
}

/**
 * An answer of an API, as far as a challenge goes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Answer {
  readonly status: number
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string | undefined>>
}

/**
 * Whether an answer asks for a step-up: its status is 401 or 403, and a single Bearer challenge says `insufficient_scope`.
 *
 * @see RFC 6750 section 3.1: https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 * @since 0.1.0
 * @category predicates
 */
export const isStepUp = ({ headers, status }: Answer): boolean =>
  aboutScope(status, headers["www-authenticate"]) !== undefined

/**
 * The step-up that an answer asks for; `undefined` where it asks for none.
 *
 * @since 0.1.0
 * @category conversions
 */
export const stepUp = (
  { headers, status }: Answer,
  session: Pick<AuthService.Any, "provider" | "account">,
  granted: ReadonlyArray<string> = []
): StepUpRequired | undefined => {
  const bearer = aboutScope(status, headers["www-authenticate"])
  if (bearer === undefined) return undefined
  const required = challenges.scopesOf(bearer.parameters["scope"])
  const { account, provider } = session
  return new StepUpRequired({
    provider,
    account,
    status,
    required,
    scopes: Array.from(new Set([...granted, ...required])),
    resourceMetadata: bearer.parameters["resource_metadata"]
  })
}

/**
 * A client of a session that fails with {@link StepUpRequired} instead of handing such an answer over. It belongs outside
 * the middleware: around `AuthHttpClient.fromSession`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withStepUp = <E, R>(
  client: HttpClient.HttpClient.With<E, R>,
  session: AuthService.Any
): HttpClient.HttpClient.With<E | StepUpRequired, R> =>
  HttpClient.transform(client, (effect) =>
    Effect.flatMap(effect, (response) =>
      Effect.clockWith((clock) => {
        const token = session.unsafePeek(clock)
        const required = stepUp(response, session, token?.scopes)
        return required === undefined ? Effect.succeed(response) : Effect.fail(required)
      })))
