/**
 * Checks whether the thread that wrote a claim still exists. All threads are on one host, because a WAL database works
 * on one host only.
 *
 * The name of an owner holds host, boot, process-id namespace, process, thread and start time. Ids alone are not
 * enough: the system reuses them, and each container on a host has a process 1. A terminated worker thread leaves its
 * claims like a killed process, so each thread is an owner.
 */
import type * as TokenStore from "@effect-auth/core/TokenStore"
import * as Effect from "effect/Effect"
import * as Hex from "effect/encoding/Hex"
import * as Fs from "node:fs"
import * as Os from "node:os"
import { codeOf } from "./failures.ts"

interface Owner {
  readonly host: string
  /** Empty outside Linux. */
  readonly boot: string
  readonly namespace: string
  readonly pid: number
  /** The system's id of the JavaScript thread. In the main thread, and outside Linux, it is the process id. */
  readonly thread: number
  readonly started: string
}

const tell = (look: () => string): string => {
  try {
    return look()
  } catch {
    return ""
  }
}

type Thread = { readonly _tag: "there"; readonly started: string } | { readonly _tag: "gone" }

/**
 * Linux keeps a killed process as a zombie until its parent waits for it. A zombie no longer writes, so it counts as
 * gone.
 */
const threadOf = (pid: number, thread: number): Thread => {
  const stat = tell(() => Fs.readFileSync(`/proc/${pid}/task/${thread}/stat`, "latin1"))
  // The second field is the program's name in parentheses, which may hold any character.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  if (stat !== "") {
    return /^[ZXx]/.test(stat.slice(stat.lastIndexOf(")") + 2))
      ? { _tag: "gone" }
      : { _tag: "there", started: fields[19] ?? "" }
  }
  // The process exists, but its thread does not.
  if (tell(() => Fs.readFileSync(`/proc/${pid}/stat`, "latin1")) !== "") return { _tag: "gone" }
  try {
    process.kill(pid, 0)
    return { _tag: "there", started: "" }
  } catch (error) {
    return codeOf(error) === "ESRCH" ? { _tag: "gone" } : { _tag: "there", started: "" }
  }
}

/** Synchronous file reads run on this thread, so the file names this thread. */
const ownThread = (): number => {
  const thread = Number(/\/task\/(\d+)$/.exec(tell(() => Fs.readlinkSync("/proc/thread-self")))?.[1])
  return Number.isInteger(thread) ? thread : process.pid
}

const readHere = (): Owner => {
  const thread = ownThread()
  const me = threadOf(process.pid, thread)
  return {
    host: Os.hostname(),
    boot: tell(() => Fs.readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()),
    namespace: tell(() => Fs.readlinkSync("/proc/self/ns/pid")),
    pid: process.pid,
    thread,
    started: me._tag === "there" ? me.started : ""
  }
}

const format = (owner: Owner, suffix: string): string =>
  ["thread", owner.host, owner.boot, owner.namespace, String(owner.pid), String(owner.thread), owner.started, suffix]
    .map(encodeURIComponent).join("/")

const parse = (text: string): Owner | undefined => {
  const match = /^thread\/([^/]+)\/([^/]*)\/([^/]*)\/([1-9][0-9]{0,9})\/([1-9][0-9]{0,9})\/([0-9]*)\/[^/]+$/.exec(text)
  if (match === null) return undefined
  try {
    const [host = "", boot = "", namespace = "", pid = "", thread = "", started = ""] = match.slice(1)
      .map(decodeURIComponent)
    return { host, boot, namespace, pid: Number(pid), thread: Number(thread), started }
  } catch {
    return undefined
  }
}

/**
 * `false` only if the owner is surely gone. An owner of another host or namespace can't be checked, and counts as
 * alive.
 */
const isThere = (owner: Owner, here: Owner): boolean => {
  if (owner.boot !== here.boot) return owner.host !== here.host || owner.boot === "" || here.boot === ""
  if (here.boot === "" && owner.host !== here.host) return true
  if (owner.namespace !== here.namespace) return true
  const found = threadOf(owner.pid, owner.thread)
  if (found._tag === "gone") return false
  return owner.started === "" || found.started === "" || owner.started === found.started
}

export const makePresence: Effect.Effect<TokenStore.Presence> = Effect.sync(() => {
  const here = readHere()
  const suffix = Hex.encode(crypto.getRandomValues(new Uint8Array(8)))
  return {
    owner: format(here, suffix),
    watches: "process",
    isAlive: (text) =>
      Effect.sync(() => {
        const owner = parse(text)
        return owner === undefined || isThere(owner, here)
      })
  }
})
