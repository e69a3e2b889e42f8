/** What a browser is shown: nothing of what it sent, nothing that is kept or passed on. */
import type { SignInError } from "@effect-auth/core/AuthError"
import * as Duration from "effect/Duration"
import * as HttpServerResponse from "effect/http/HttpServerResponse"

const headers = {
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff"
}

/** `text` is a text of this package. */
export const page = (status: number, text: string): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(`<!doctype html><meta charset="utf-8"><title>Sign-in</title><p>${text}.</p>`, {
    status,
    headers,
    contentType: "text/html; charset=utf-8"
  })

/** 303, so that the browser asks for the next page with GET and without a body. */
export const redirect = (location: string): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.empty({ status: 303, headers: { ...headers, location } })

/** A response of the application, with the two headers that keep its URL from travelling. */
export const guarded = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.setHeaders(response, {
    "cache-control": headers["cache-control"],
    "referrer-policy": headers["referrer-policy"]
  })

/** What ties a sign-in to a browser. A POST from another site carries no `Lax` cookie, so a form needs `None`. */
export const cookieOf = (base: URL, isForm: boolean) =>
  ({
    httpOnly: true,
    // Browsers drop a `None` cookie that is not secure; they take a secure one from http on this machine.
    secure: isForm || base.protocol === "https:",
    sameSite: isForm ? "none" : "lax",
    path: "/"
  }) as const

export const withoutCookie = (
  response: HttpServerResponse.HttpServerResponse,
  name: string,
  cookie: ReturnType<typeof cookieOf>
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.setCookieUnsafe(response, name, "", { ...cookie, maxAge: 0 })

export const ofError = (error: SignInError): HttpServerResponse.HttpServerResponse => {
  switch (error._tag) {
    case "TokenRequestRejected":
      return error.error === "access_denied"
        ? page(403, "The sign-in was declined")
        : page(400, "The sign-in could not be finished. Please begin again")
    case "ProviderUnavailable": {
      const wait = error.retryAfter === undefined ? "60" : String(Math.ceil(Duration.toSeconds(error.retryAfter)))
      return HttpServerResponse.setHeader(
        page(503, "Signing in is not possible at the moment. Please try again later"),
        "retry-after",
        wait
      )
    }
    case "TokenStoreError":
      return page(503, "Signing in is not possible at the moment. Please try again later")
    case "AuthMisconfigured":
      return page(500, "Signing in is not set up correctly")
  }
}
