/** Failures that hide in a success: messages of category `Fault`. */
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { Fault } from "../PitchpointApi.ts"

const decode = Schema.decodeUnknownEither(Fault)

/** Whether a body, already parsed, tells a fault with one of these codes. */
export const isFault = (body: unknown, codes: ReadonlyArray<string>): boolean =>
  Either.match(decode(body), {
    onLeft: () => false,
    onRight: ({ Messages }) =>
      Messages.Message.some(({ Category, Code }) => Category.toLowerCase() === "fault" && codes.includes(Code))
  })

/** A report can be long, and a refusal is short: a body that says that it is longer than this is not read. */
const longest = 64 * 1024

/** The body stays readable for the caller. One that is not JSON is no fault. */
export const rejectedBy =
  (codes: ReadonlyArray<string>) => (response: HttpClientResponse.HttpClientResponse): Effect.Effect<boolean> => {
    const { "content-length": length, "content-type": type = "" } = response.headers
    if (response.status !== 200 || !/json/i.test(type) || Number(length ?? 0) > longest) return Effect.succeed(false)
    return Effect.match(response.json, { onFailure: () => false, onSuccess: (body) => isFault(body, codes) })
  }
