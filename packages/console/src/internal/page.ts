/** The page and its two files. They are bundled when the package is packed; in the workspace at the first request. */
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"

/** The answer for a path of the page; `undefined` for every other path. */
export const answer = (path: string): Effect.Effect<HttpServerResponse.HttpServerResponse> | undefined => {
  const file = files[path]
  return file === undefined
    ? undefined
    : Effect.map(Effect.promise(() => import("@effect-auth/console/page")), (page) => {
      const { contentType, of } = file
      return HttpServerResponse.text(page[of], { contentType })
    })
}

const files: Readonly<Record<string, { readonly of: "html" | "script" | "style"; readonly contentType: string }>> = {
  "/": { of: "html", contentType: "text/html; charset=utf-8" },
  "/console.js": { of: "script", contentType: "text/javascript; charset=utf-8" },
  "/console.css": { of: "style", contentType: "text/css; charset=utf-8" }
}
