/**
 * Asking the server about a token.
 *
 * @see RFC 7662: https://www.rfc-editor.org/rfc/rfc7662
 * @since 0.1.0
 */
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { call, type CallError } from "./internal/publicCall.ts"
import * as tokenCall from "./internal/tokenCall.ts"
import type { OAuth2Client } from "./OAuth2Client.ts"

/** Only `active` is needed. Of the other members what can be read is used. */
const Answer = Schema.Struct({
  active: Schema.Boolean,
  scope: Schema.optional(Schema.Unknown),
  client_id: Schema.optional(Schema.Unknown),
  username: Schema.optional(Schema.Unknown),
  sub: Schema.optional(Schema.Unknown),
  iss: Schema.optional(Schema.Unknown),
  exp: Schema.optional(Schema.Unknown),
  iat: Schema.optional(Schema.Unknown)
})

const text = (value: unknown): string | undefined => typeof value === "string" ? value : undefined

/** Some servers send a list instead of a text. */
const scopesOf = (value: unknown): ReadonlyArray<string> | undefined =>
  Array.isArray(value)
    ? value.filter((name) => typeof name === "string")
    : text(value)?.split(" ").filter((name) => name !== "")

/**
 * What the server knows of a token. `active: false` says nothing else (RFC 7662 section 2.2). Times are epoch seconds.
 *
 * @since 0.1.0
 * @category models
 */
export type TokenInfo =
  | { readonly active: false }
  | {
    readonly active: true
    readonly scopes: ReadonlyArray<string> | undefined
    readonly clientId: string | undefined
    readonly username: string | undefined
    readonly subject: string | undefined
    readonly issuer: string | undefined
    readonly expiresAt: number | undefined
    readonly issuedAt: number | undefined
  }

const infoOf = (answer: typeof Answer.Type): TokenInfo =>
  answer.active
    ? {
      active: true,
      scopes: scopesOf(answer.scope),
      clientId: text(answer.client_id),
      username: text(answer.username),
      subject: text(answer.sub),
      issuer: text(answer.iss),
      expiresAt: tokenCall.seconds(answer.exp),
      issuedAt: tokenCall.seconds(answer.iat)
    }
    : { active: false }

/**
 * Asks about one token. Signed answers (RFC 9701) are not read.
 *
 * @see RFC 7662 section 2.1
 * @since 0.1.0
 * @category combinators
 */
export const introspect = (
  client: OAuth2Client,
  token: Redacted.Redacted<string>,
  hint: "access_token" | "refresh_token" = "access_token"
): Effect.Effect<TokenInfo, CallError> =>
  call(
    client,
    "introspect",
    tokenCall.send(client, "introspectionEndpoint", { token: Redacted.value(token), token_type_hint: hint }).pipe(
      Effect.flatMap((body) => Effect.mapError(Schema.decodeUnknownEffect(Answer)(body), () => malformed)),
      Effect.map(infoOf)
    )
  )

const malformed = new ExchangeFailure({ kind: "transient", sent: "answered", reason: "malformed", status: 200 })
