/** The HTTP client of the commands. It remembers host, port and cause of the last connection that failed. */
import type { AuthError } from "@effect-auth/core/AuthError"
import { isAuthError, ProviderUnavailable } from "@effect-auth/core/AuthError"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import { CallFailed } from "./failures.ts"

/** One sentence about the last connection that failed. */
export class Reach extends Context.Tag("@effect-auth/cli/Reach")<Reach, Ref.Ref<string | undefined>>() {}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "the host's name can't be looked up now",
  EHOSTUNREACH: "the host can't be reached",
  ENETUNREACH: "the network can't be reached",
  ETIMEDOUT: "the connection timed out",
  UND_ERR_CONNECT_TIMEOUT: "the connection timed out",
  UND_ERR_SOCKET: "the connection was closed",
  ERR_SSL_WRONG_VERSION_NUMBER: "the server does not speak TLS there; is it http?",
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "the server's certificate is self-signed",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the server's certificate can't be verified",
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another host"
}

/** The first code among an error, its causes and its parts. Codes are names; messages may quote anything. */
const codeOf = (error: unknown, depth = 0): string | undefined => {
  if (typeof error !== "object" || error === null || depth > 5) return undefined
  if ("code" in error && typeof error.code === "string" && /^[A-Z][A-Z0-9_]{2,50}$/.test(error.code)) return error.code
  const parts = "errors" in error && Array.isArray(error.errors) ? error.errors : []
  for (const part of [...parts, "cause" in error ? error.cause : undefined]) {
    const found = codeOf(part, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}

const placeOf = (address: string): string | undefined => {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined) return undefined
  return `${url.hostname}:${url.port === "" ? url.protocol === "http:" ? "80" : "443" : url.port}`
}

/** `fetch` itself refuses some ports (https://fetch.spec.whatwg.org/#port-blocking) and gives no code. */
const isBlockedPort = (error: unknown): boolean =>
  error instanceof Error && (error.message === "bad port" || isBlockedPort(error.cause))

/** One sentence with host, port and cause. Path, query and user are left out, because they may hold secrets. */
const sentenceOf = (address: string, error: unknown): string => {
  const code = codeOf(error)
  if (isBlockedPort(error)) return `${placeOf(address) ?? "the server"}: this port is blocked for HTTP`
  const why = code === undefined ? "no answer" : `${words[code] ?? "the connection failed"} (${code})`
  return `${placeOf(address) ?? "the server"}: ${why}`
}

/** Requests are not redirected by `fetch` itself, which would send the application's own headers anywhere. */
const client = Layer.provide(
  FetchHttpClient.layer,
  Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" })
)

export const layer: Layer.Layer<HttpClient.HttpClient | Reach> = Layer.effect(
  HttpClient.HttpClient,
  Effect.gen(function*() {
    const reach = yield* Reach
    return HttpClient.tapError(
      yield* HttpClient.HttpClient,
      (error) =>
        error._tag === "RequestError" && error.reason === "Transport"
          ? Ref.set(reach, sentenceOf(error.request.url, error.cause))
          : Effect.void
    )
  })
).pipe(
  Layer.provide(client),
  Layer.provideMerge(Layer.effect(Reach, Ref.make<string | undefined>(undefined)))
)

/** Adds host, port and cause to the error if the provider was not reached. */
export const explained = <A, E, R>(
  work: Effect.Effect<A, E, R>
): Effect.Effect<A, E | AuthError | CallFailed, R | Reach> =>
  Effect.catchAll(
    work,
    (error) =>
      Effect.flatMap(Effect.flatMap(Reach, Ref.get), (detail): Effect.Effect<never, E | AuthError | CallFailed> => {
        if (detail === undefined) return Effect.fail(error)
        if (error instanceof CallFailed) return Effect.fail(new CallFailed({ ...error, detail }))
        return isAuthError(error) && error._tag === "ProviderUnavailable" && error.reason === "transport"
          ? Effect.fail(new ProviderUnavailable({ ...error, detail }))
          : Effect.fail(error)
      })
  )
