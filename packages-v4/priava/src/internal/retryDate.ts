/**
 * Parses the date in the body of a 429. It is like an HTTP date, but without a zone, and its weekday may be wrong, so a
 * strict parser refuses it.
 *
 * The zone is not documented. But all zones differ by whole quarters of an hour, and the window of the limit is five
 * minutes, so the minutes past the quarter give the wait in every zone.
 */
import * as Duration from "effect/Duration"

/** The documented window of the limit: 450 requests / 5 minutes. */
const window = 300_000
const quarter = 900_000
/** The zones furthest from UTC are 12 hours behind and 14 ahead. */
const furthest = 14 * 3_600_000 + window
/** A date that is nearer than this to the time in UTC is a UTC date, because the next zone in use is an hour away. */
const near = 1_500_000
const longest = 3_600_000

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

const zone = "\\s*(GMT|UTC|Z|[+-]\\d{2}:?\\d{2})?$"
const dayMonthYear = new RegExp(
  `(\\d{1,2})[ -]([A-Za-z]{3})[a-z]*[ -](\\d{4}),? (\\d{1,2}):(\\d{2})(?::(\\d{2}))?${zone}`
)
const iso = new RegExp(`(\\d{4})-(\\d{2})-(\\d{2})[T ](\\d{2}):(\\d{2})(?::(\\d{2})(?:\\.\\d+)?)?${zone}`)

interface Moment {
  /** Epoch milliseconds. A date without a zone is read as UTC. */
  readonly at: number
  readonly hasZone: boolean
}

const offsetOf = (text: string): number => {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(text) ?? []
  return sign === undefined ? 0 : (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}

const parse = (text: string): Moment | undefined => {
  const byName = dayMonthYear.exec(text)
  const found = byName ?? iso.exec(text)
  if (found === null) return undefined
  const [, first, second, third, hour, minute, seconds, zoned] = found
  const [year, month, day] = byName === null
    ? [Number(first), Number(second) - 1, Number(third)]
    : [Number(third), months.indexOf(second?.toLowerCase() ?? ""), Number(first)]
  const inRange = month >= 0 && month < 12 && day >= 1 && day <= 31 && Number(hour) < 24 && Number(minute) < 60
  if (!inRange) return undefined
  const utc = Date.UTC(year, month, day, Number(hour), Number(minute), Number(seconds ?? 0))
  return { at: utc - offsetOf(zoned ?? ""), hasZone: zoned !== undefined }
}

/**
 * The wait from the `retry-after` of a body. A past date gives no wait; an unreadable one gives the whole window.
 */
export const waitOf = (value: unknown, now: number): Duration.Duration | undefined => {
  if (value === undefined || value === null) return undefined
  // The documentation shows it in typographic quotes.
  const text = String(value).slice(0, 100).replace(/["'“”]/g, "").trim()
  if (/^\d+$/.test(text)) return positive(Math.min(Number(text) * 1_000, longest))
  const moment = parse(text)
  if (moment === undefined) return Duration.millis(window)
  const ahead = moment.at - now
  if (moment.hasZone || Math.abs(ahead) < near) return positive(Math.min(ahead, longest))
  const pastQuarter = ((ahead % quarter) + quarter) % quarter
  const isInWindow = Math.abs(ahead) <= furthest && pastQuarter > 0 && pastQuarter <= window
  return Duration.millis(isInWindow ? pastQuarter : window)
}

const positive = (millis: number): Duration.Duration | undefined => millis > 0 ? Duration.millis(millis) : undefined
