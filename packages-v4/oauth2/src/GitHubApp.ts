/**
 * Installation tokens of a GitHub App: one session for each installation and set of repositories and permissions. The
 * app's key signs a JWT, which GitHub answers with a token of an hour; there is no refresh token.
 *
 * ```ts
 * import * as GitHubApp from "@effect-auth/oauth2/GitHubApp"
 * import * as SigningKey from "@effect-auth/oauth2/SigningKey"
 * import * as Effect from "effect/Effect"
 * import type * as Redacted from "effect/Redacted"
 *
 * const program = (privateKey: Redacted.Redacted) =>
 *   Effect.gen(function*() {
 *     const key = yield* SigningKey.fromPem(privateKey)
 *     const apps = yield* GitHubApp.sessions({ appId: "Iv23liExample", key })
 *     const auth = yield* apps.get({ installationId: 42, repositories: ["docs"], permissions: { contents: "read" } })
 *     return yield* auth.accessToken
 *   })
 * ```
 *
 * @see https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
 * @since 0.1.0
 */
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import type { AuthProvider, TokenResponse } from "@effect-auth/core/AuthProvider"
import type { AuthService } from "@effect-auth/core/AuthService"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as ProviderSettings from "@effect-auth/core/ProviderSettings"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import * as WireSchema from "@effect-auth/core/WireSchema"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as jwt from "./internal/jwt.ts"

/**
 * What makes an app.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The client id of the app, or its older numeric id. */
  readonly appId: string
  /** Its private key: `SigningKey.fromPem` reads what GitHub hands out. */
  readonly key: CryptoKey
  /** Default: `https://api.github.com`; on GitHub Enterprise Server `https://HOST/api/v3`. */
  readonly baseUrl?: string | undefined
  /** GitHub refuses requests without one. Default: `effect-auth`. */
  readonly userAgent?: string | undefined
}

/**
 * What a token is for. Without `repositories` and `permissions` it may do all that the installation may.
 *
 * @since 0.1.0
 * @category models
 */
export interface Installation {
  readonly installationId: number | string
  /** Names without the owner. */
  readonly repositories?: ReadonlyArray<string> | undefined
  /** `{ contents: "read" }`. */
  readonly permissions?: Readonly<Record<string, string>> | undefined
}

const Answer = Schema.Struct({
  token: WireSchema.Token,
  expires_at: Schema.optional(Schema.Unknown),
  permissions: Schema.optional(Schema.Unknown)
})

/** 404: the app is not installed there (any more). 422: a repository or permission that it does not have. */
const classify = (answer: TokenEndpoint.Answer): ExchangeFailure => {
  if (isLimit(answer)) {
    // GitHub asks for a minute where it says no time.
    const { retryAfter = Duration.minutes(1) } = answer
    return TokenEndpoint.failure({ ...answer, retryAfter }, { kind: "transient", reason: "rate-limited" })
  }
  const known = TokenEndpoint.common(answer)
  if (known !== undefined) return known
  if (!Predicate.hasProperty(answer.body, "message")) {
    return TokenEndpoint.failure(answer, { kind: "transient", reason: "malformed" })
  }
  switch (answer.status) {
    case 401:
      return TokenEndpoint.failure(answer, { kind: "config", reason: "client" })
    case 403:
      return TokenEndpoint.failure(answer, { kind: "config", reason: "permission" })
    case 404:
      return TokenEndpoint.failure(answer, { kind: "terminal", reason: "credentials" })
    case 422:
      return TokenEndpoint.failure(answer, { kind: "terminal", reason: "request" })
    default:
      return TokenEndpoint.failure(answer, { kind: "refused", reason: "unknown" })
  }
}

/** Its limits are a 403, too, with these headers. A secondary limit may have neither. */
const isLimit = ({ body, headers, retryAfter, status }: TokenEndpoint.Answer): boolean =>
  status === 403 &&
  (retryAfter !== undefined || headers["x-ratelimit-remaining"] === "0" ||
    (Predicate.hasProperty(body, "message") && /rate limit/i.test(String(body.message))))

const issued = ({ expires_at, permissions, token }: typeof Answer.Type, now: number): TokenResponse => {
  const end = typeof expires_at === "string" ? Date.parse(expires_at) : Number.NaN
  return {
    accessToken: token,
    expiresIn: Number.isNaN(end) ? undefined : (end - now) / 1000,
    scopes: typeof permissions === "object" && permissions !== null
      ? Object.entries(permissions).map(([name, level]) => `${name}:${String(level)}`)
      : undefined
  }
}

/** The app's own proof: it may live for ten minutes, and begins a minute ago, because clocks differ. */
const proof = ({ appId, key }: Options) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const seconds = Math.floor(now / 1000)
    return jwt.sign(key, {}, { iat: seconds - 60, exp: seconds + 540, iss: appId })
  })

/**
 * The app as a provider. Its credentials name the installation.
 *
 * @since 0.1.0
 * @category constructors
 */
export const provider = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<AuthProvider<Installation>, AuthMisconfigured, HttpClient.HttpClient> {
  const about = { provider: "github-app", hosts: { production: "https://api.github.com" } }
  const { base } = yield* ProviderSettings.resolve({ host: options.baseUrl }, about)
  const headers = {
    accept: "application/vnd.github+json",
    "user-agent": options.userAgent ?? "effect-auth",
    "x-github-api-version": "2022-11-28"
  }
  const client = TokenEndpoint.client(yield* HttpClient.HttpClient, { classify, headers })
  const signIn = Effect.fnUntraced(function*(installation: Installation) {
    const bearer = yield* proof(options)
    const path = `/app/installations/${encodeURIComponent(installation.installationId)}/access_tokens`
    const request = HttpClientRequest.post(base.href + path).pipe(
      HttpClientRequest.bearerToken(bearer),
      HttpClientRequest.bodyText(
        JSON.stringify({ repositories: installation.repositories, permissions: installation.permissions }),
        "application/json"
      )
    )
    const answer = client.execute(request).pipe(
      Effect.flatMap(HttpClientResponse.schemaBodyJson(Answer)),
      TokenEndpoint.exchange
    )
    return issued(yield* answer, yield* Clock.currentTimeMillis)
  })
  return {
    name: "github-app",
    realm: `${base.host}${base.path}/${options.appId}`,
    origins: [base.origin],
    api: { baseUrl: base.href, prepare: HttpClientRequest.setHeaders(headers) },
    rotation: "none",
    rejection: { statuses: [401] },
    defaultLifetime: "1 hour",
    signIn,
    fingerprint: accountOf
  }
})

/** The same installation, however its members are written down, has the same account. */
const accountOf = ({ installationId, permissions = {}, repositories = [] }: Installation): string =>
  JSON.stringify([
    String(installationId),
    Array.from(new Set(repositories)).sort(),
    Object.entries(permissions).sort(([left], [right]) => left < right ? -1 : 1)
  ])

const Account = Schema.fromJsonString(
  Schema.Tuple([Schema.String, Schema.Array(Schema.String), Schema.Array(Schema.Tuple([Schema.String, Schema.String]))])
)

const installationOf = (account: string): Effect.Effect<Installation, unknown> =>
  Effect.map(Schema.decodeEffect(Account)(account), ([installationId, repositories, permissions]) => ({
    installationId,
    repositories: repositories.length === 0 ? undefined : repositories,
    permissions: permissions.length === 0 ? undefined : Object.fromEntries(permissions)
  }))

/**
 * The installations of an app.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sessions {
  /** The session of one installation and set of repositories and permissions. It signs in by itself. */
  readonly get: (installation: Installation) => Effect.Effect<AuthService<Installation>>
  /** How many sessions are held in memory now. */
  readonly size: Effect.Effect<number>
}

/**
 * Makes the sessions of an app. Closing the scope stops their schedule.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sessions = Effect.fnUntraced(function*(
  options: Options,
  behaviour?: Omit<AuthSessions.Options<Installation>, "credentials">
): Effect.fn.Return<Sessions, AuthMisconfigured, HttpClient.HttpClient | TokenStore | Scope.Scope> {
  const all = yield* AuthSessions.make(yield* provider(options), { ...behaviour, credentials: installationOf })
  return { get: (installation) => all.get(accountOf(installation)), size: all.size }
})
