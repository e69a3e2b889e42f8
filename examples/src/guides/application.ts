/* eslint-disable no-restricted-imports -- quoted by docs/guides/in-your-application.md, where one import a package reads better */
/**
 * An HTTP server that calls Placewise for the people who use it: its contract, its errors, its sessions.
 */
// #region imports
import { AuthError } from "@effect-auth/core"
import { Placewise } from "@effect-auth/placewise"
import {
  HttpApi,
  HttpApiBuilder,
  HttpApiEndpoint,
  HttpApiGroup,
  HttpApiMiddleware,
  HttpApiSchema
} from "@effect/platform"
import { HttpApiSecurity, HttpApp, HttpClientResponse, HttpServerResponse } from "@effect/platform"
import { Context, Duration, Effect, Layer, Option, Redacted, Schema } from "effect"
// #endregion

// #region contract
export class SignInAgain
  extends Schema.TaggedError<SignInAgain>()("SignInAgain", {}, HttpApiSchema.annotations({ status: 401 }))
{}
export class TryLater extends Schema.TaggedError<TryLater>()(
  "TryLater",
  { seconds: Schema.Number },
  HttpApiSchema.annotations({ status: 503 })
) {}
export class Broken extends Schema.TaggedError<Broken>()("Broken", {}, HttpApiSchema.annotations({ status: 500 })) {}

/** The person at the browser, as your own login knows them. */
export class Person extends Context.Tag("app/Person")<Person, { readonly account: string }>() {}

export class SignedInHere extends HttpApiMiddleware.Tag<SignedInHere>()("app/SignedInHere", {
  provides: Person,
  failure: SignInAgain,
  security: { cookie: HttpApiSecurity.apiKey({ in: "cookie", key: "app-session" }) }
}) {}

export class Points extends Schema.Class<Points>("Points")({ balance: Schema.Number }) {}

const points = HttpApiEndpoint.get("read", "/points").addSuccess(Points)
  .addError(SignInAgain).addError(TryLater).addError(Broken)

export class AppApi extends HttpApi.make("app").add(HttpApiGroup.make("points").add(points).middleware(SignedInHere)) {}
// #endregion

// #region errors
const wait = (error: AuthError.AuthError) =>
  Option.match(
    error._tag === "ProviderUnavailable" ? Option.fromNullable(error.retryAfter) : Option.none(),
    { onNone: () => 5, onSome: (duration) => Math.ceil(Duration.toSeconds(duration)) }
  )

/** 503, with the header that clients and proxies know. */
const later = (seconds: number) =>
  Effect.zipRight(
    HttpApp.appendPreResponseHandler((_, response) =>
      Effect.succeed(HttpServerResponse.setHeader(response, "retry-after", String(seconds)))
    ),
    new TryLater({ seconds })
  )

const answerOf = (error: AuthError.AuthError): Effect.Effect<never, SignInAgain | TryLater | Broken> => {
  if (AuthError.requiresSignIn(error)) return new SignInAgain()
  if (error.isRetryable) return later(wait(error))
  return Effect.zipRight(Effect.logError("a session can't be used", error), new Broken())
}

/** An error of a session becomes an answer of your server. */
export const answered = <A, E, R>(effect: Effect.Effect<A, E | AuthError.AuthError, R>) =>
  Effect.catchIf(effect, AuthError.isAuthError, answerOf)
// #endregion

// #region server
const Balance = Schema.Struct({ balance: Schema.Number })

const read = Effect.gen(function*() {
  const { account } = yield* Person
  const { client } = yield* (yield* Placewise.PlacewiseSessions).get(account)
  const response = yield* client.get("/members/me/rewards-program/status")
  const { balance } = yield* HttpClientResponse.schemaBodyJson(Balance)(response)
  return new Points({ balance })
}).pipe(
  answered,
  // What is left is about the API itself: not reached, or an answer that we don't understand.
  Effect.catchTags({
    RequestError: () => later(5),
    ResponseError: () => later(5),
    ParseError: () => new Broken()
  })
)

const PointsLive = HttpApiBuilder.group(AppApi, "points", (handlers) => handlers.handle("read", () => read))

/** Your own login: here a table of cookies. */
export const login = (people: ReadonlyMap<string, string>) =>
  Layer.succeed(SignedInHere, {
    cookie: (cookie) => {
      const account = people.get(Redacted.value(cookie))
      return account === undefined ? Effect.fail(new SignInAgain()) : Effect.succeed({ account })
    }
  })

export const App = HttpApiBuilder.api(AppApi).pipe(Layer.provide(PointsLive))
// #endregion
