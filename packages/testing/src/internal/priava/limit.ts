/**
 * The rate limit: so many requests in a window that slides, and a date in the body that says when there is room again.
 */
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Duration from "effect/Duration"
import type { Limit } from "../../PriavaSandbox.ts"

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

/** As the page prints it: no zone, and a weekday that is wrong where that is asked for. */
export const dateText = (at: number, options: Limit): string => {
  const local = new Date(at + Duration.toMillis(options.zone ?? Duration.zero))
  const [, day = "", month = "", year = "", time = ""] = local.toUTCString().split(" ")
  const weekday = days[(local.getUTCDay() + (options.wrongWeekday === true ? 2 : 0)) % 7]
  return `${weekday}, ${day} ${month} ${year} ${time}`
}

export const body = (at: number, options: Limit) => {
  const requests = options.requests ?? 450
  const seconds = Duration.toSeconds(options.window ?? Duration.minutes(5))
  return {
    error: "Your API rate limit is exhausted",
    limits: `${requests} requests / ${seconds / 60} minutes (${seconds} seconds)`,
    "retry-after": dateText(at, options)
  }
}

/** A whole second, because the date has no parts of one. */
export const later = (now: number, wait: Duration.DurationInput): number =>
  Math.ceil((now + Duration.toMillis(wait)) / 1000) * 1000

export const make = (options: Limit) => {
  const requests = options.requests ?? 450
  const window = Duration.toMillis(options.window ?? Duration.minutes(5))
  let arrived: Array<number> = []
  return {
    /** The answer of a request that comes too early; undefined: there is room. */
    check: (now: number): HttpServerResponse.HttpServerResponse | undefined => {
      arrived = arrived.filter((at) => at > now - window)
      const oldest = arrived[0]
      if (oldest === undefined || arrived.length < requests) {
        arrived.push(now)
        return undefined
      }
      const at = later(oldest, window)
      const headers = options.header === true ? { "retry-after": String(Math.ceil((at - now) / 1000)) } : {}
      return HttpServerResponse.unsafeJson(body(at, options), { status: 429, headers })
    }
  }
}
