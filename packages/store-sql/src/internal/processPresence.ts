/**
 * Whether the process that wrote a claim still exists, on the one host that a WAL database can be used from.
 *
 * An owner is named by host, boot, process-id namespace, pid and start time, because a pid alone is used again after a
 * while, and containers on one host each have a pid 1.
 */
import type * as TokenStore from "@effect-auth/core/TokenStore"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Fs from "node:fs"
import * as Os from "node:os"
import { codeOf } from "./failures.ts"

interface Owner {
  readonly host: string
  /** Empty where the system tells none: outside Linux. */
  readonly boot: string
  readonly namespace: string
  readonly pid: number
  readonly started: string
}

const tell = (look: () => string): string => {
  try {
    return look()
  } catch {
    return ""
  }
}

type Process = { readonly _tag: "there"; readonly started: string } | { readonly _tag: "gone" }

/** Linux keeps a killed process as a zombie until its parent looks: such a one writes no more. */
const processOf = (pid: number): Process => {
  const stat = tell(() => Fs.readFileSync(`/proc/${pid}/stat`, "latin1"))
  // The second field is the program's name, in parentheses, and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  if (stat !== "") {
    return /^[ZXx]/.test(stat.slice(stat.lastIndexOf(")") + 2))
      ? { _tag: "gone" }
      : { _tag: "there", started: fields[19] ?? "" }
  }
  try {
    process.kill(pid, 0)
    return { _tag: "there", started: "" }
  } catch (error) {
    return codeOf(error) === "ESRCH" ? { _tag: "gone" } : { _tag: "there", started: "" }
  }
}

const readHere = (): Owner => {
  const me = processOf(process.pid)
  return {
    host: Os.hostname(),
    boot: tell(() => Fs.readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()),
    namespace: tell(() => Fs.readlinkSync("/proc/self/ns/pid")),
    pid: process.pid,
    started: me._tag === "there" ? me.started : ""
  }
}

const format = (owner: Owner, suffix: string): string =>
  ["process", owner.host, owner.boot, owner.namespace, String(owner.pid), owner.started, suffix]
    .map(encodeURIComponent).join("/")

const parse = (text: string): Owner | undefined => {
  const match = /^process\/([^/]+)\/([^/]*)\/([^/]*)\/([1-9][0-9]{0,9})\/([0-9]*)\/[^/]+$/.exec(text)
  if (match === null) return undefined
  try {
    const [host = "", boot = "", namespace = "", pid = "", started = ""] = match.slice(1).map(decodeURIComponent)
    return { host, boot, namespace, pid: Number(pid), started }
  } catch {
    return undefined
  }
}

/** `false` only where it is certain: an owner of another host or namespace can't be judged, and is waited for. */
const isThere = (owner: Owner, here: Owner): boolean => {
  if (owner.boot !== here.boot) return owner.host !== here.host || owner.boot === "" || here.boot === ""
  if (here.boot === "" && owner.host !== here.host) return true
  if (owner.namespace !== here.namespace) return true
  const found = processOf(owner.pid)
  if (found._tag === "gone") return false
  return owner.started === "" || found.started === "" || owner.started === found.started
}

export const makePresence: Effect.Effect<TokenStore.Presence> = Effect.sync(() => {
  const here = readHere()
  const suffix = Encoding.encodeHex(crypto.getRandomValues(new Uint8Array(8)))
  return {
    owner: format(here, suffix),
    isAlive: (text) =>
      Effect.sync(() => {
        const owner = parse(text)
        return owner === undefined || isThere(owner, here)
      })
  }
})
