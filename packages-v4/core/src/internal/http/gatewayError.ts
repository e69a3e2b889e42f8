/** Recognises errors that come from gateways, firewalls and web frameworks and not from the token endpoint. */

/** Reason phrases of RFC 9110 section 15.5 and common variants; lower case, letters only. */
const phrases = new Set([
  "accessdenied",
  "badrequest",
  "conflict",
  "forbidden",
  "forbiddenresource",
  "gone",
  "lengthrequired",
  "methodnotallowed",
  "notacceptable",
  "notallowed",
  "notauthorized",
  "notfound",
  "payloadtoolarge",
  "contenttoolarge",
  "paymentrequired",
  "preconditionfailed",
  "proxyauthenticationrequired",
  "requestblocked",
  "requesttimeout",
  "resourcenotfound",
  "toomanyrequests",
  "unauthenticated",
  "unauthorised",
  "unauthorized",
  "unprocessablecontent",
  "unprocessableentity",
  "unsupportedmediatype",
  "uritoolong"
])

/** `access_denied` is a code of OAuth; "access denied" with a space comes from a gateway. */
const codes = new Set(["access_denied"])

const isPhrase = (value: unknown): boolean =>
  typeof value === "string" && value.length <= 60 && !codes.has(value) &&
  phrases.has(value.toLowerCase().replace(/^\d{3}/, "").replace(/[^a-z]/g, ""))

export const isError = (
  answer: {
    readonly status: number
    readonly body: unknown
    readonly headers: Readonly<Record<string, string | undefined>>
  }
): boolean => {
  if (/\bhtml\b/i.test(answer.headers["content-type"] ?? "") && !isObject(answer.body)) return true
  if (!isObject(answer.body)) return false
  const { code, error, status, statusCode, title } = answer.body
  return [error, title].some(isPhrase) ||
    [status, statusCode, code].some((one) => Number(one) === answer.status)
}

const isObject = (body: unknown): body is Readonly<Record<string, unknown>> =>
  typeof body === "object" && body !== null && !Array.isArray(body)
