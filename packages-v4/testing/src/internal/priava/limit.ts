/**
 * The rate limit: a number of requests in a sliding window. The body of a 429 has the date from which requests work
 * again.
 */
import * as Duration from "effect/Duration"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Limit } from "../../PriavaSandbox.ts"

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

/** The date in the format of the documentation: without a zone, and with a wrong weekday if the option says so. */
const dateText = (at: number, options: Limit): string => {
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

/** Rounded up to a whole second, because the date has no fractions. */
export const later = (now: number, wait: Duration.Input): number =>
  Math.ceil((now + Duration.toMillis(wait)) / 1000) * 1000

export const make = (options: Limit) => {
  const requests = options.requests ?? 450
  const window = Duration.toMillis(options.window ?? Duration.minutes(5))
  let arrived: Array<number> = []
  return {
    /** The 429 of a request over the limit; `undefined` if the request is allowed. */
    check: (now: number): HttpServerResponse.HttpServerResponse | undefined => {
      arrived = arrived.filter((at) => at > now - window)
      const oldest = arrived[0]
      if (oldest === undefined || arrived.length < requests) {
        arrived.push(now)
        return undefined
      }
      const at = later(oldest, window)
      const headers = options.header === true ? { "retry-after": String(Math.ceil((at - now) / 1000)) } : {}
      return HttpServerResponse.jsonUnsafe(body(at, options), { status: 429, headers })
    }
  }
}
