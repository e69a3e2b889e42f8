/** The authorization request: its parameters, and the URL that carries them or, pushed, only their name. */
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as Effect from "effect/Effect"
import type { Request } from "../Authorization.ts"
import type { OAuth2Client } from "../OAuth2Client.ts"
import { unsent } from "./failures.ts"
import * as jwt from "./jwt.ts"
import * as tokenCall from "./tokenCall.ts"

export interface Secrets {
  readonly state: string
  readonly verifier: string
  readonly nonce: string | undefined
  readonly browser: string
}

export const secrets = (scopes: ReadonlyArray<string> | undefined): Secrets => ({
  state: jwt.randomText(),
  verifier: jwt.randomText(),
  nonce: scopes?.includes("openid") === true ? jwt.randomText() : undefined,
  browser: jwt.randomText()
})

const parametersOf = (client: OAuth2Client, asked: Request, secrets: Secrets, challenge: string) => ({
  ...client.dialect?.authorizationParameters,
  ...asked.parameters,
  response_type: "code",
  ...(asked.responseMode === undefined || asked.responseMode === "query" ? {} : { response_mode: asked.responseMode }),
  client_id: client.clientId,
  redirect_uri: asked.redirectUri,
  scope: tokenCall.scopeText(client, asked.scopes),
  state: secrets.state,
  code_challenge: challenge,
  code_challenge_method: "S256",
  nonce: secrets.nonce,
  resource: tokenCall.askedResources(client)
})

export const urlOf = Effect.fnUntraced(function*(
  client: OAuth2Client,
  asked: Request,
  secrets: Secrets
): Effect.fn.Return<string, ExchangeFailure> {
  const metadata = yield* client.server.metadata
  const endpoint = yield* tokenCall.endpoint(metadata, "authorizationEndpoint")
  const methods = metadata.codeChallengeMethods
  if (methods !== undefined && !methods.includes("S256")) {
    return yield* unsent("request", "the server does not take PKCE with S256")
  }
  const parameters = parametersOf(client, asked, secrets, yield* jwt.digest(secrets.verifier))
  const url = new URL(endpoint)
  if (metadata.pushedAuthorizationRequestEndpoint === undefined) {
    if (metadata.requirePushedAuthorizationRequests === true) {
      return yield* unsent("url", "the server wants pushed requests, and has no endpoint for them")
    }
    append(url.searchParams, parameters)
    return url.href
  }
  url.searchParams.set("client_id", client.clientId)
  url.searchParams.set("request_uri", yield* push(client, parameters))
  return url.href
})

const append = (query: URLSearchParams, parameters: tokenCall.Parameters): void => {
  for (const [name, value] of Object.entries(parameters)) {
    query.delete(name)
    for (const text of typeof value === "string" ? [value] : value ?? []) query.append(name, text)
  }
}

/** @see RFC 9126 section 2 */
const push = (client: OAuth2Client, parameters: tokenCall.Parameters): Effect.Effect<string, ExchangeFailure> =>
  Effect.flatMap(tokenCall.send(client, "pushedAuthorizationRequestEndpoint", parameters), (body) => {
    const uri = typeof body === "object" && body !== null && "request_uri" in body ? body.request_uri : undefined
    return typeof uri === "string" && uri !== ""
      ? Effect.succeed(uri)
      : Effect.fail(new ExchangeFailure({ kind: "transient", sent: "answered", reason: "malformed", status: 200 }))
  })
