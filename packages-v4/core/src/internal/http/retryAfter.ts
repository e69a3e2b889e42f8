/** Parses Retry-After. */
import * as Duration from "effect/Duration"

/** Seconds. A longer wait counts as this. */
const longest = 3600

/** Characters. A longer value is ignored. */
const longestValue = 200

const number = String.raw`\+?(?:\d+\.?\d*|\.\d+)\s*(?:s|secs?|seconds?|mins?|minutes?|hours?)?`
/** A proxy may join two equal headers with a comma. */
const numbers = new RegExp(String.raw`^${number}(?:\s*,\s*${number})*$`, "i")

/** A duration of ISO 8601 that is hours, minutes and seconds. */
const duration = /^pt(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?$/i

const weekday = "(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*"
const twoDates = new RegExp(String.raw`\s*,\s*(?=${weekday}\b)`, "i")
/** The three forms of RFC 9110 section 5.6.7, with or without the day of the week. */
const httpDate = new RegExp(String.raw`^(?:${weekday},? )?(?:\d{1,2}[ -][a-z]{3}[a-z]*[ -]\d|[a-z]{3} {1,2}\d)`, "i")
const isoDate = /^\d{4}-\d\d-\d\d[t ]\d\d:\d\d/i
const zone = /(?:\b(?:gmt|utc?|z)|\d\s*z|:\d\d(?:\.\d+)?\s*[+-]\d\d:?\d\d| [+-]\d{4})$/i

/**
 * Accepts seconds, minutes or hours (also with a fraction), a duration (`PT30S`), and an HTTP or ISO 8601 date, in
 * upper or lower case; the same value may stand twice. The result is rounded up. A number without a unit is seconds. A
 * date without a zone is GMT. A past, negative or unreadable value gives `undefined`.
 */
export const parse = (value: string | undefined, now: number): Duration.Duration | undefined => {
  const text = (value ?? "").trim().replace(/^"(.*)"$/, "$1").replace(/;$/, "").trim()
  if (text === "" || text.length > longestValue && !/^\d+$/.test(text)) return undefined
  const seconds = numbers.test(text)
    ? Math.ceil(Math.max(...text.split(",").map(secondsOf)))
    : duration.test(text)
    ? Math.ceil(durationOf(text))
    : Math.max(...text.split(twoDates).map((one) => (dateOf(one) - now) / 1000))
  return seconds > 0 ? Duration.millis(Math.ceil(Math.min(seconds, longest) * 1000)) : undefined
}

const secondsOf = (text: string): number =>
  Number.parseFloat(text) * (/h/i.test(text) ? 3600 : /m/i.test(text) ? 60 : 1)

const durationOf = (text: string): number => {
  const [, hours = "0", minutes = "0", seconds = "0"] = duration.exec(text) ?? []
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
}

/** Epoch milliseconds, or `NaN`. */
const dateOf = (text: string): number => {
  if (isoDate.test(text)) return Date.parse(zone.test(text) ? text.toUpperCase().replace(" ", "T") : `${text}Z`)
  return httpDate.test(text) ? Date.parse(zone.test(text) ? text : `${text} GMT`) : Number.NaN
}
