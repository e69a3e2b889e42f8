/**
 * The `fetch` of an MCP transport: it renews the session when the server rejects a token of it, and sends such a token to
 * the session's origins only.
 */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import { AuthMisconfigured, requiresSignIn } from "@effect-auth/core/AuthError"
import type * as AuthService from "@effect-auth/core/AuthService"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Challenge from "../Challenge.ts"

/**
 * A `fetch`, as the SDK calls it.
 *
 * @since 0.1.0
 * @category models
 */
export type Fetch = (input: string | URL, init?: RequestInit) => Promise<Response>

/** More tokens are not on the way at the same time. */
const remembered = 16

/** The tokens that the SDK was given, by their text. */
export class Handed {
  readonly #tokens = new Map<string, AccessToken>()
  /** What the newest of them may do. */
  scopes: ReadonlyArray<string>
  private readonly asked: ReadonlyArray<string>

  constructor(asked: ReadonlyArray<string> = []) {
    this.asked = asked
    this.scopes = asked
  }

  add(token: AccessToken): string {
    const value = Redacted.value(token.value)
    this.#tokens.delete(value)
    this.#tokens.set(value, token)
    for (const oldest of this.#tokens.keys()) {
      if (this.#tokens.size <= remembered) break
      this.#tokens.delete(oldest)
    }
    this.scopes = token.scopes ?? this.asked
    return value
  }

  of(headers: Headers): AccessToken | undefined {
    return this.#tokens.get(/^Bearer +(.+)$/i.exec(headers.get("authorization") ?? "")?.[1] ?? "")
  }
}

const originOf = (input: string | URL): string => new URL(input).origin

/** Whether the same request can be sent once more. The SDK sends texts. */
const isRepeatable = ({ body }: RequestInit): boolean => body === undefined || body === null || typeof body === "string"

/** The same token again, and then a new one: the session refuses to go on before more are needed. */
const mostReplays = 3

/** Whether an answer rejects the token that was sent. */
const rejects = ({ headers, status }: Response): boolean =>
  status === 401 &&
  !Challenge.isStepUp({ status, headers: { "www-authenticate": headers.get("www-authenticate") ?? undefined } })

export const renewing = (
  auth: AuthService.Any,
  handed: Handed,
  send: Fetch,
  run: <A>(effect: Effect.Effect<A>) => Promise<A>
): Fetch =>
async (input, init = {}) => {
  const headers = new Headers(init.headers)
  // Requests to the authorization server carry none of our tokens, and other origins get none.
  if (handed.of(headers) !== undefined && !auth.origins.includes(originOf(input))) {
    const { account, provider } = auth
    throw new AuthMisconfigured({ provider, account, operation: "call", reason: "origin" })
  }
  let answer = await send(input, init)
  for (let replay = 0; replay < mostReplays; replay++) {
    const token = handed.of(headers)
    if (!rejects(answer) || token === undefined) break
    if (!isRepeatable(init)) break
    const renewed = await run(Effect.result(auth.renew(token)))
    // The SDK asks for tokens next, gets none, and begins a sign-in. Nothing else is a reason to ask a person.
    if (Result.isFailure(renewed) && requiresSignIn(renewed.failure)) break
    await answer.body?.cancel()
    if (Result.isFailure(renewed)) throw renewed.failure
    headers.set("authorization", `Bearer ${handed.add(renewed.success)}`)
    answer = await send(input, { ...init, headers })
  }
  return answer
}
