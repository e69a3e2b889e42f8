/** The ways to print a token. Pure; the names are loaded with the help, so nothing is imported here. */

export const formats = ["plain", "json", "env", "kubectl", "aws"] as const

export type Format = typeof formats[number]

export const isFormat = (text: string): text is Format => formats.some((format) => format === text)

export interface Printed {
  readonly provider: string
  readonly account: string
  readonly accessToken: string
  /** Epoch milliseconds; `null`: no end is known. */
  readonly expiresAt: number | null
  /** Seconds. */
  readonly expiresIn: number | null
}

/** Without fractions of a second: RFC 3339, as Kubernetes and AWS read it. */
const timeOf = (expiresAt: number): string => new Date(expiresAt).toISOString().replace(/\.\d+Z$/, "Z")

/** For `docker --env-file`, which knows no quotes, and for a shell, which needs them around some signs. */
const envValue = (text: string): string => /^[\w.~+/=:-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

const env = ({ accessToken, expiresAt, provider }: Printed): string => {
  const prefix = `EFFECT_AUTH_${provider}`.replaceAll("-", "_").toUpperCase()
  return [
    `${prefix}_ACCESS_TOKEN=${envValue(accessToken)}`,
    ...(expiresAt === null ? [] : [`${prefix}_EXPIRES_AT=${timeOf(expiresAt)}`])
  ].join("\n")
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

/** kubectl says in KUBERNETES_EXEC_INFO which version it asks for, and takes no other. */
const versionAsked = (execInfo: string | undefined): string => {
  try {
    const info: unknown = JSON.parse(execInfo ?? "null")
    if (isObject(info) && info["apiVersion"] === "client.authentication.k8s.io/v1beta1") return info["apiVersion"]
  } catch {
    // Not JSON: kubectl did not write it.
  }
  return "client.authentication.k8s.io/v1"
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
const kubectl = ({ accessToken, expiresAt }: Printed, execInfo: string | undefined) => ({
  apiVersion: versionAsked(execInfo),
  kind: "ExecCredential",
  status: { ...(expiresAt === null ? {} : { expirationTimestamp: timeOf(expiresAt) }), token: accessToken }
})

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html */
const aws = ({ accessToken, account, expiresAt, provider }: Printed) => ({
  Version: 1,
  AccessKeyId: `${provider}/${account}`,
  SecretAccessKey: accessToken,
  SessionToken: accessToken,
  ...(expiresAt === null ? {} : { Expiration: timeOf(expiresAt) })
})

/** `execInfo`: the environment variable KUBERNETES_EXEC_INFO. */
export const render = (format: Format, printed: Printed, execInfo: string | undefined): string => {
  switch (format) {
    case "plain":
      return printed.accessToken
    case "json":
      return JSON.stringify(printed)
    case "env":
      return env(printed)
    case "kubectl":
      return JSON.stringify(kubectl(printed, execInfo))
    case "aws":
      return JSON.stringify(aws(printed))
  }
}
