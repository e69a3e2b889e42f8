/** The ways in which a command fails, and the exit code of each. The README has the same table. */
import { AuthError, isAuthError } from "@effect-auth/core/AuthError"
import * as Data from "effect/Data"
import * as Schema from "effect/Schema"

/** The command line or its input is wrong. */
export class UsageError extends Data.TaggedError("UsageError")<{ readonly message: string }> {}

/** A secret is needed, and there is neither a variable, nor standard input, nor a person to ask. */
export class SecretMissing extends Data.TaggedError("SecretMissing")<{
  readonly secret: string
  readonly variable: string
}> {
  override get message(): string {
    return `the ${this.secret} is missing: set ${this.variable}, pass it with --stdin to sign-in, or sign in on a terminal`
  }
}

/** A call got no answer: the connection failed or broke. The cause is not kept, because it may quote headers. */
export class CallFailed extends Data.TaggedError("CallFailed")<{
  readonly provider: string
  readonly account: string
  readonly method: string
  /** Host, port and cause, where they are known. */
  readonly detail?: string | undefined
}> {
  override get message(): string {
    return `${this.provider} ${this.method}: no answer, or one that can't be read` +
      (this.detail === undefined ? "" : `: ${this.detail}`)
  }
}

/** The session lives, and nothing is there to refresh it with. */
export class NoRefreshToken extends Data.TaggedError("NoRefreshToken")<{
  readonly provider: string
  readonly account: string
  /** How long the access token lives on, in words. */
  readonly left: string
}> {
  override get message(): string {
    return `${this.provider} ${this.account}: not refreshed. The provider gave no refresh token, or its time is over; ` +
      `the access token lives on (${this.left}). For a new one sign in again: effect-auth sign-in ${this.provider}` +
      (this.account === "default" ? "" : ` --account ${this.account}`)
  }
}

/** Standard output can't be written: a full disk, for one. */
export class OutputFailed extends Data.TaggedError("OutputFailed")<{ readonly message: string }> {}

/** A call got an answer, and its status is 400 or more. The body has been printed. */
export class HttpStatus extends Data.TaggedError("HttpStatus")<{
  readonly provider: string
  readonly account: string
  readonly status: number
}> {
  override get message(): string {
    return `${this.provider} answered HTTP ${this.status}`
  }
}

/** The user pressed Ctrl-C at a prompt. */
export class Interrupted extends Data.TaggedError("Interrupted") {
  override get message(): string {
    return "interrupted"
  }
}

export type Failure =
  | AuthError
  | UsageError
  | SecretMissing
  | CallFailed
  | HttpStatus
  | Interrupted
  | NoRefreshToken
  | OutputFailed

export const codes = {
  OutputFailed: 1,
  UsageError: 2,
  SecretMissing: 3,
  SignInRequired: 10,
  NoRefreshToken: 10,
  RefreshTokenRejected: 11,
  RefreshOutcomeUnknown: 12,
  TokenRequestRejected: 13,
  AccessTokenRejected: 14,
  AuthMisconfigured: 15,
  ProviderUnavailable: 16,
  CallFailed: 16,
  TokenStoreError: 17,
  HttpStatus: 22,
  Interrupted: 130
} as const satisfies Record<Failure["_tag"], number>

/** Something that should not happen. */
export const unexpected = 1

/** A provider of the user's own can fail in a way that no type names. */
export const codeOf = ({ _tag: tag }: { readonly _tag: string }): number =>
  new Map<string, number>(Object.entries(codes)).get(tag) ?? unexpected

const encode = Schema.encodeSync(AuthError)

/** The failure as data: its tag, its message, and the fields that are safe to print, which are all it has. */
export const toJson = (failure: Failure): object => {
  if (isAuthError(failure)) return { ...encode(failure), message: failure.message }
  return { ...failure, _tag: failure._tag, message: failure.message }
}
