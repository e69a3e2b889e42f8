import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as ProviderLayers from "@effect-auth/core/ProviderLayers"
import * as PlacewiseAuth from "@effect-auth/placewise/PlacewiseAuth"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { UsageError } from "../failures.ts"
import { version } from "../version.ts"
import { type Connect, type Given, onDemand } from "./connection.ts"

type Options = Given["options"]

const identifierOf = (options: Options): PlacewiseAuth.Identifier | undefined => {
  if (options["email"] !== undefined) return { email: options["email"] }
  if (options["msisdn"] !== undefined) return { msisdn: options["msisdn"] }
  return options["member-id"] === undefined ? undefined : { id: options["member-id"] }
}

/** Makes credentials from the options and secrets. */
const signInWith = (
  options: Options
): Effect.Effect<(secret: Redacted.Redacted<string>) => PlacewiseAuth.PlacewiseCredentials, UsageError> => {
  const external = options["external"]
  if (external === "google" || external === "apple") {
    return Effect.succeed((token) => ({ _tag: "ExternalToken", provider: external, token }))
  }
  const identifier = identifierOf(options)
  return identifier === undefined
    ? Effect.fail(new UsageError({ message: "who signs in? give --email, --msisdn, --member-id or --external" }))
    : Effect.succeed((password) => ({ _tag: "Password", identifier, password }))
}

const sendCode = (auth: PlacewiseAuth.Service, options: Options) => {
  const via = options["send-code"]
  if (via !== "sms" && via !== "email") return undefined
  const identifier = identifierOf(options)
  return identifier === undefined || "id" in identifier
    ? Effect.fail(new UsageError({ message: "--send-code needs --email or --msisdn" }))
    : Effect.as(auth.sendOneTimePassword({ to: identifier, via }), `a one-time password was sent by ${via}`)
}

export const connect: Connect = Effect.fnUntraced(
  function*({ account, credential, options, refresh = onDemand, secrets }) {
    const settings: PlacewiseAuth.Settings = {
      host: options["host"],
      club: options["club"] ?? "",
      clientToken: secrets["client-token"] ?? Redacted.make(""),
      productName: options["product-name"] ?? "",
      userAgent: options["user-agent"] ?? `effect-auth-cli/${version}`,
      locale: options["locale"]
    }
    const credentialsOf = yield* signInWith(options)
    const auth = yield* ProviderLayers.makeSession(PlacewiseAuth.provider, settings, {
      account,
      refresh,
      credentials: credential === undefined ? undefined : Effect.succeed(credentialsOf(credential))
    })
    return {
      auth,
      client: yield* AuthHttpClient.fromSession(auth, { redirects: 5 }),
      signIn: (secret) => auth.signIn(credentialsOf(secret)),
      before: sendCode(auth, options)
    }
  }
)
