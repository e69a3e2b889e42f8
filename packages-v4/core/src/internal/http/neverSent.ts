/** Recognises errors that prove that a request was never sent. After any other error it may have been carried out. */

/** Codes that always mean a failure to connect: node and undici, certificates, then Bun. */
const codes = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EAI_FAIL",
  "UND_ERR_CONNECT_TIMEOUT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY",
  "UNABLE_TO_GET_CRL",
  "CERT_CHAIN_TOO_LONG",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "CRL_HAS_EXPIRED",
  "CRL_NOT_YET_VALID",
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "PATH_LENGTH_EXCEEDED",
  "ConnectionRefused",
  "FailedToOpenSocket"
])

/**
 * OpenSSL's names for a failed handshake, as a code (`ERR_SSL_WRONG_VERSION_NUMBER`) or in a message (`wrong version
 * number`). Before the end of the handshake no request is carried out. A bad record or an internal error can also come
 * later, so they are not in the list.
 */
const handshake = new RegExp(
  [
    "wrong[_ ]version[_ ]number",
    "unsupported[_ ]protocol",
    "no[_ ](?:protocols|ciphers)[_ ]available",
    "no[_ ]shared[_ ]cipher",
    "packet[_ ]length[_ ]too[_ ]long",
    "certificate[_ ]verify[_ ]failed",
    "dh[_ ]key[_ ]too[_ ]small",
    "alert[_ ](?:handshake[_ ]failure|protocol[_ ]version|insufficient[_ ]security|bad[_ ]certificate|unsupported[_ ]certificate)",
    "alert[_ ](?:certificate[_ ](?:revoked|expired|unknown|required)|unknown[_ ]ca|access[_ ]denied|no[_ ]application[_ ]protocol)",
    "alert[_ ](?:unrecognized[_ ]name|missing[_ ]extension|unsupported[_ ]extension)",
    "unrecognized[_ ]name"
  ].join("|"),
  "i"
)

/** Messages of runtimes without a code: Node, undici and `tunnel` (a proxy that refuses CONNECT), then Deno. */
const messages = [
  /^Client network socket disconnected before secure TLS connection was established/,
  /^bad port$/,
  /^Proxy response \(\d{3}\) !== 200 when HTTP Tunneling/,
  /^tunneling socket could not be established/,
  /\bclient error \(Connect\)/
]

/** The most nested causes that are checked. */
const deepest = 8

/** Whether an error or one of its causes proves that the request was never sent. Browsers give no cause: `false`. */
export const provesUnsent = (cause: unknown, depth = 0): boolean => {
  if (typeof cause !== "object" || cause === null || depth > deepest) return false
  const { cause: inner, code, errors, message, syscall } = cause as Readonly<Record<string, unknown>>
  // There is one attempt for each address of a name. All of them must have failed to connect.
  if (Array.isArray(errors) && errors.length > 0) return errors.every((error) => provesUnsent(error, depth + 1))
  // Some codes (ETIMEDOUT) also come from an open connection. They count only if `syscall` is `connect`.
  if (typeof code === "string" && (codes.has(code) || syscall === "connect" || isHandshake(code, message))) return true
  if (typeof message === "string" && messages.some((known) => known.test(message))) return true
  return provesUnsent(inner, depth + 1)
}

const isHandshake = (code: string, message: unknown): boolean =>
  (code.startsWith("ERR_SSL_") && handshake.test(code)) ||
  (code === "EPROTO" && typeof message === "string" && message.includes("SSL routines") && handshake.test(message))
