/**
 * Reads a Redis URL. A password that was not encoded can change the meaning of every part, so unusual URLs are refused.
 */
import * as Result from "effect/Result"
import { isIP } from "node:net"

export interface Target {
  readonly isTls: boolean
  readonly host: string | undefined
  readonly port: number | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  readonly database: number | undefined
}

const shape = "write redis://user:password@host:port/database, or rediss:// for TLS"
const encoding =
  "other characters than letters and digits in user and password are percent-encoded (encodeURIComponent)"

const label = /^[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?$/i

/** A host name or an address. `1234` and `127.1` are refused, although resolvers accept them as addresses. */
export const isHost = (text: unknown): text is string => {
  if (typeof text !== "string" || text.length > 253) return false
  if (isIP(text) !== 0) return true
  const labels = text.replace(/\.$/, "").split(".")
  return labels.every((one) => label.test(one)) && !/^(?:\d+|0x[\da-f]*)$/i.test(labels.at(-1) ?? "")
}

export const isPort = (port: unknown): port is number =>
  typeof port === "number" && Number.isInteger(port) && port >= 1 && port <= 65_535

/** Redis has 16 databases unless its configuration says otherwise. */
export const isDatabase = (database: unknown): database is number =>
  typeof database === "number" && Number.isInteger(database) && database >= 0 && database <= 1_000_000

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

const parsed = (text: string): URL | undefined => {
  try {
    return new URL(text)
  } catch {
    // The error is dropped, because it holds the URL.
    return undefined
  }
}

/** The parts of the URL, or an error text that does not quote the URL. */
export const read = (text: string): Result.Result<Target, string> => {
  if (text.length > 10_000) return Result.fail("it is too long")
  if (/[\s\p{C}]/u.test(text)) return Result.fail("it has a space, a line break or a control character")
  if (!/^rediss?:\/\//i.test(text)) return Result.fail(`it must begin with redis:// or rediss://: ${shape}`)
  if (/[?#]/.test(text)) {
    return Result.fail("it has a ? or #: settings go into the options; in a password write %3F and %23")
  }
  const url = parsed(text)
  if (url === undefined) return Result.fail(`it can't be read: ${shape}; ${encoding}`)
  const path = /^(?:|\/|\/(\d{1,7}))$/.exec(url.pathname)
  if (path === null) {
    return Result.fail("after the host only a database number is allowed; in a password write %2F for /")
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1")
  if (host !== "" && !isHost(host)) return Result.fail(`its host is not a name or an address: ${shape}; ${encoding}`)
  const [username, password] = [decoded(url.username), decoded(url.password)]
  if (username === undefined || password === undefined) {
    return Result.fail("a percent sign in user or password must be written as %25")
  }
  const port = url.port === "" ? undefined : Number(url.port)
  if (port !== undefined && !isPort(port)) return Result.fail("its port must be from 1 to 65535")
  return Result.succeed({
    isTls: /^rediss:/i.test(text),
    host: host === "" ? undefined : host,
    port,
    username: username === "" ? undefined : username,
    password: password === "" ? undefined : password,
    database: path[1] === undefined ? undefined : Number(path[1])
  })
}
