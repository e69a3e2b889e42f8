/** Decides whether a request whose token was rejected may be sent once more. */
import type * as HttpBody from "effect/http/HttpBody"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"

export type ReplayPolicy = "safe" | "always" | "never"

/** How the API rejected the token: by a status, or in the body of a success status. */
export type RejectedBy = "status" | "body"

const safeMethods: ReadonlyArray<string> = ["GET", "HEAD", "OPTIONS"]

/**
 * Some streams can be read only once, and it is not possible to know which. A second send could then have an empty
 * body.
 */
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

/** The reason why the request must not be sent again; `undefined` if it may be. */
export const obstacle = (
  request: HttpClientRequest.HttpClientRequest,
  policy: ReplayPolicy | undefined,
  by: RejectedBy,
  isRead: ((request: HttpClientRequest.HttpClientRequest) => boolean) | undefined
): "body" | "policy" | undefined => {
  if (policy === "never") return "policy"
  if (!isRepeatable(request.body)) return "body"
  // A status proves that the request was not carried out; a body in a success status does not.
  const asked = policy ?? (by === "status" ? "always" : "safe")
  if (asked === "always" || safeMethods.includes(request.method) || isRead?.(request) === true) return undefined
  return "policy"
}
