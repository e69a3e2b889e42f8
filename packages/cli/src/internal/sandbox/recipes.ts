/** Lines that use a sandbox, to paste into a shell or an env file. */
import { variableOf } from "../providers/registry.ts"
import type { Served } from "./served.ts"

const quoted = (text: string): string => /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

/** All that a program needs. With them `effect-auth token` works too, without signing in. */
export const env = ({ flags, provider, secrets }: Served, url: string): string =>
  Object.entries({ host: url, ...flags, ...secrets })
    .map(([name, value]) => `${variableOf(provider, name)}=${quoted(value)}`).join("\n")

export const signIn = ({ flags, provider, secrets }: Served, url: string): string => {
  const lines = Object.values(secrets).map(quoted).join(" ")
  const all = Object.entries({ host: url, ...flags }).map(([name, value]) => `--${name} ${quoted(value)}`).join(" ")
  return `printf '%s\\n' ${lines} | effect-auth sign-in ${provider} ${all} --stdin`
}

export const call = ({ call, provider }: Served): string => `effect-auth call ${provider} ${call}`

/** Gets the first tokens. */
const curl = ({ tokenRequest }: Served, url: string): string => {
  const { body, headers, path } = tokenRequest
  const lines = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`)
  return [`curl -sS ${url}${path}`, ...lines, `-d ${quoted(body)}`].join(" \\\n  ")
}

export const all = (served: Served, url: string) => [
  { title: ".env", text: env(served, url) },
  { title: "curl", text: curl(served, url) },
  { title: "command line", text: `${signIn(served, url)}\n${call(served)}` }
]
