/** The marks of one sign-in, from the log of its sandbox. */
import type { Entry } from "@effect-auth/testing/Sandbox"
import type { TokenAuthority } from "@effect-auth/testing/TokenAuthority"
import type * as Model from "../ConsoleModel.ts"

const nameOf = ({ method, path }: Entry): string => `${method} ${path}`

const exchange = (entry: Entry, done: "signed-in" | "exchanged"): Pick<Model.Mark, "kind" | "text"> => {
  const what = done === "signed-in" ? "sign-in" : "exchange"
  if (entry.issued !== undefined) {
    if (entry.sent !== undefined) return { kind: done, text: done === "signed-in" ? "signed in" : "new tokens" }
    return { kind: "lost", text: `the answer of the ${what} did not arrive (${entry.fault ?? "not answered yet"})` }
  }
  if (entry.status === undefined) {
    return { kind: "failed", text: `the ${what} was not carried out (${entry.fault ?? "-"})` }
  }
  if (entry.spent === true) return { kind: "refused", text: "double spend: this refresh token was exchanged before" }
  return { kind: "refused", text: `${what} refused: ${entry.refused ?? `status ${entry.status}`}` }
}

const call = (entry: Entry): Pick<Model.Mark, "kind" | "text"> => {
  if (entry.refused !== undefined) {
    return {
      kind: "rejected",
      text: `${nameOf(entry)}: ${entry.sent ?? "no answer"}, the access token is ${entry.refused}`
    }
  }
  return entry.sent === undefined || entry.sent >= 500
    ? { kind: "unanswered", text: `${nameOf(entry)}: ${entry.fault ?? `status ${entry.sent}`}` }
    : { kind: "request", text: `${nameOf(entry)}: ${entry.sent}` }
}

const kindOf = (entry: Entry): Pick<Model.Mark, "kind" | "text"> => {
  switch (entry.operation) {
    case "sign-in":
      return exchange(entry, "signed-in")
    case "refresh":
      return exchange(entry, "exchanged")
    case "revoke":
      return { kind: "signed-out", text: `${entry.revoked ?? "a token"} was revoked` }
    default:
      return call(entry)
  }
}

const generationOf = (authority: TokenAuthority, entry: Entry): number | undefined => {
  const [, digits] = /^(?:access|refresh) (\d+)$/.exec(entry.access ?? entry.refresh ?? entry.revoked ?? "") ?? []
  const number = entry.issued ?? (digits === undefined ? undefined : Number(digits))
  return number === undefined ? undefined : authority.generationOf(number)
}

export const timelineOf = (
  authority: TokenAuthority,
  entries: ReadonlyArray<Entry>
): { readonly marks: ReadonlyArray<Model.Mark>; readonly doubts: Model.Timeline["doubts"] } => {
  const doubts: Array<{ readonly from: number; to?: number }> = []
  const marks = entries.map((entry): Model.Mark => {
    const { kind, text } = kindOf(entry)
    const open = doubts.at(-1)
    const isOpen = open !== undefined && open.to === undefined
    if (kind === "lost" && !isOpen) doubts.push({ from: entry.at })
    if (isOpen && (kind === "exchanged" || kind === "refused" || kind === "signed-in")) open.to = entry.at
    const generation = generationOf(authority, entry)
    return { at: entry.at, kind, text, ...(generation === undefined ? {} : { generation }) }
  })
  return { marks, doubts }
}
