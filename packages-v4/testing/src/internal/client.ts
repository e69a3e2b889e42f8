/**
 * An HttpClient that runs a sandbox in the caller's fiber.
 */
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as Faults from "../Faults.ts"
import type { Received } from "../Sandbox.ts"
import { MemoryClientResponse, receive } from "./memoryHttp.ts"

export const make = (answer: (received: Received) => Faults.Handle): HttpClient.HttpClient =>
  HttpClient.make((request, url) =>
    receive(request, url).pipe(
      Effect.flatMap(answer),
      // A socket never answers synchronously. Without this yield, concurrent requests would not overlap.
      Effect.tap(() => Effect.yieldNow),
      Effect.map((response) => new MemoryClientResponse(request, response)),
      Effect.catchTag("ConnectionLost", ({ how }) => Effect.fail(connectionError(request, how)))
    )
  )

const connectionError = (
  request: HttpClientError.HttpClientError["request"],
  how: "refused" | "reset"
): HttpClientError.HttpClientError => {
  const [code, text] = how === "refused" ? ["ECONNREFUSED", "connect ECONNREFUSED"] : ["ECONNRESET", "read ECONNRESET"]
  return new HttpClientError.HttpClientError({
    reason: new HttpClientError.TransportError({ request, cause: Object.assign(new Error(text), { code }) })
  })
}
