/**
 * Rejections in the body of a success status: messages of category `Fault`. For the option `rejection` of a session:
 *
 * ```ts
 * Pitchpoint.layer(settings, { rejection: { body: PitchpointFault.notAuthorized } })
 * ```
 *
 * @since 0.1.0
 */
import type { Rejection } from "@effect-auth/core/AuthProvider"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Fault } from "./PitchpointApi.ts"

const decode = Schema.decodeUnknownResult(Fault)

/** Whether a parsed body has a fault with one of these codes. */
const isFault = (body: unknown, codes: ReadonlyArray<string>): boolean =>
  Result.match(decode(body), {
    onFailure: () => false,
    onSuccess: ({ Messages }) =>
      Messages.Message.some(({ Category, Code }) => Category.toLowerCase() === "fault" && codes.includes(Code))
  })

/** Bytes. A refusal is short, so a body with a longer Content-Length is not read. */
const longest = 64 * 1024

/**
 * Treats a message of category `Fault` with one of these codes as a rejected access token. It reads only JSON of up to
 * 64 KiB with status 200; any other body is not a fault. The caller can still read the body.
 *
 * @see https://docs.pitchpointsolutions.com/api/order/enums/messagedef
 * @since 0.1.0
 * @category predicates
 */
export const rejectedBy = (codes: ReadonlyArray<string>): NonNullable<Rejection["body"]> => (response) => {
  const { "content-length": length, "content-type": type = "" } = response.headers
  if (response.status !== 200 || !/json/i.test(type) || Number(length ?? 0) > longest) return Effect.succeed(false)
  return Effect.match(response.json, { onFailure: () => false, onSuccess: (body) => isFault(body, codes) })
}

/**
 * `E006`, "User not authorized", with a success status means a rejected access token. A user without a right may get
 * the same code, so use this only if your calls get it for invalid tokens. Each such answer causes at most one refresh.
 *
 * @since 0.1.0
 * @category predicates
 */
export const notAuthorized: NonNullable<Rejection["body"]> = rejectedBy(["E006"])
