/** Whether a request whose token was refused may be sent once more. */
import type * as HttpBody from "@effect/platform/HttpBody"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"

export type ReplayPolicy = "safe" | "always" | "never"

/** How the provider showed that the token is dead: by a status, or inside an answer that looks like a success. */
export type RejectedBy = "status" | "body"

const safeMethods: ReadonlyArray<string> = ["GET", "HEAD", "OPTIONS"]

/** A stream may be readable once only, and nothing tells which: sent twice it may silently carry no bytes. */
export const isRepeatable = (body: HttpBody.HttpBody): boolean => {
  switch (body._tag) {
    case "Empty":
    case "Uint8Array":
    case "FormData":
      return true
    case "Raw":
      return typeof body.body === "string" || body.body instanceof ArrayBuffer || ArrayBuffer.isView(body.body) ||
        body.body instanceof URLSearchParams || body.body instanceof Blob
    case "Stream":
      return false
  }
}

/** What stands against a second send; `undefined` when nothing does. */
export const obstacle = (
  request: HttpClientRequest.HttpClientRequest,
  policy: ReplayPolicy | undefined,
  by: RejectedBy,
  isRead: ((request: HttpClientRequest.HttpClientRequest) => boolean) | undefined
): "body" | "policy" | undefined => {
  if (policy === "never") return "policy"
  if (!isRepeatable(request.body)) return "body"
  // A status says that the request was refused before it was carried out; a body in a success does not.
  const asked = policy ?? (by === "status" ? "always" : "safe")
  if (asked === "always" || safeMethods.includes(request.method) || isRead?.(request) === true) return undefined
  return "policy"
}
