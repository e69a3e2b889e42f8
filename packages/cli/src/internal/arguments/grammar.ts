/** The grammar of the command line: commands, arguments and options. The parser, the help and the completions read it. */
import { isProvider, providerNames, registry, variableOf } from "../providers/registry.ts"
import { formats } from "../tokenFormats.ts"

export interface OptionSpec {
  readonly name: string
  readonly short?: string | undefined
  /** The name of the value in the help. Absent: the option takes no value. */
  readonly value?: string | undefined
  readonly description: string
  readonly oneOf?: ReadonlyArray<string> | undefined
  readonly repeated?: boolean | undefined
}

export interface ArgumentSpec {
  readonly name: string
  readonly description: string
  readonly oneOf?: ReadonlyArray<string> | undefined
  readonly optional?: boolean | undefined
}

export interface CommandSpec {
  readonly name: CommandName
  readonly summary: string
  readonly arguments: ReadonlyArray<ArgumentSpec>
  readonly options: ReadonlyArray<OptionSpec>
  /** Further lines of the command's own help. */
  readonly details?: ReadonlyArray<string> | undefined
}

export const commandNames = [
  "sign-in",
  "token",
  "call",
  "status",
  "refresh",
  "sign-out",
  "key",
  "serve",
  "sandbox"
] as const

export type CommandName = typeof commandNames[number]

export const isCommand = (text: string): text is CommandName => commandNames.some((name) => name === text)

const provider: ArgumentSpec = { name: "provider", description: "Whose API", oneOf: providerNames }

const account: OptionSpec = {
  name: "account",
  value: "name",
  description: "Which account, where a provider has several; default: \"default\", or the only one"
}

const store: OptionSpec = {
  name: "store",
  value: "folder",
  description: "The folder of sessions and key (EFFECT_AUTH_HOME)"
}

const json: OptionSpec = { name: "json", description: "Results and errors as JSON, for programs" }

/** Every command takes these, before and after its name. */
export const common: ReadonlyArray<OptionSpec> = [
  json,
  {
    name: "log-level",
    value: "level",
    description: "Logs go to standard error; default: warning",
    oneOf: ["all", "trace", "debug", "info", "warning", "error", "fatal", "none"]
  },
  { name: "help", short: "h", description: "Print this" }
]

const onSession = [account, store]

const keeper: OptionSpec = {
  name: "keeper",
  value: "place",
  description: "Ask the program `serve` there: the path of its socket, or its URL (EFFECT_AUTH_KEEPER)"
}

const commands: Readonly<Record<CommandName, CommandSpec>> = {
  "sign-in": {
    name: "sign-in",
    summary: "Sign in at a provider; each has its own options: effect-auth sign-in placewise --help",
    arguments: [provider],
    options: [
      ...onSession,
      {
        name: "stdin",
        description: "Read the secrets from standard input, a line each, in the order in which they are asked for"
      }
    ]
  },
  token: {
    name: "token",
    summary: "Print an access token that works, and nothing else",
    arguments: [provider],
    options: [
      ...onSession,
      keeper,
      { name: "format", value: "format", description: "How to print it; default: plain", oneOf: formats }
    ],
    details: [
      "FORMATS",
      "  plain    the token: curl -H \"Authorization: Bearer $(effect-auth token placewise)\" …",
      "  env      two lines for an env file: EFFECT_AUTH_<PROVIDER>_ACCESS_TOKEN and …_EXPIRES_AT (ISO 8601)",
      "  kubectl  an ExecCredential of client.authentication.k8s.io/v1, for `users[].user.exec` of a kubeconfig",
      "  aws      the shape of an AWS `credential_process`, for gateways that take the token as the session token;",
      "           AWS itself does not: there, write `plain` to the file of AWS_WEB_IDENTITY_TOKEN_FILE",
      "  json     an object of provider, account, accessToken, expiresAt (epoch milliseconds), expiresIn (seconds)",
      "",
      "WITHOUT A STORE",
      "  Where nobody is signed in and the options and secrets of `sign-in` are in the environment, the command signs in",
      "  for this one token. Nothing is kept, so each such command is a new sign-in at the provider."
    ]
  },
  call: {
    name: "call",
    summary:
      "Send a request with the token, refreshed and sent once more if it is rejected, and print the body of the answer",
    arguments: [
      provider,
      { name: "METHOD", description: "GET, POST, PUT, PATCH, DELETE, …" },
      { name: "PATH", description: "Below the provider's base URL, or a whole URL on the same host" }
    ],
    options: [
      {
        name: "data",
        short: "d",
        value: "text",
        description: "The body: a text, @file, or @- for standard input; JSON unless a header says otherwise"
      },
      { name: "header", short: "H", value: "\"Name: value\"", description: "Can be repeated", repeated: true },
      {
        name: "include",
        short: "i",
        description: "Print the status line and the headers of the answer before its body"
      },
      {
        name: "query",
        short: "q",
        value: "expression",
        description: "Print only this part of a JSON body, by JMESPath: \"[0].name\", \"length(items)\""
      },
      ...onSession,
      keeper
    ],
    details: [
      "On a terminal a body of JSON is indented; elsewhere it is printed as it came.",
      "With --query a text is printed without quotes, and the body of an error (status 400 and above) whole."
    ]
  },
  status: {
    name: "status",
    summary: "List the accounts: provider, realm, state, time left; no secret, and nothing is sent",
    arguments: [{ ...provider, description: "Only the accounts of this provider", optional: true }],
    options: [
      { name: "account", value: "name", description: "Only accounts of this name; * stands for any letters" },
      {
        name: "state",
        value: "state",
        description: "Only accounts in this state",
        oneOf: ["active", "ended", "signed-out", "unreadable"]
      },
      store,
      keeper
    ]
  },
  refresh: {
    name: "refresh",
    summary: "Refresh the session now, whatever the age of its token",
    arguments: [provider],
    options: onSession
  },
  "sign-out": {
    name: "sign-out",
    summary: "End the session here, and at the provider where it has revocation",
    arguments: [provider],
    options: [
      { name: "forget", description: "Forget the account's options and client secrets, too" },
      ...onSession
    ]
  },
  serve: {
    name: "serve",
    summary: "Keep the sessions of this store, and give access tokens to other programs of this machine or of others",
    arguments: [],
    options: [
      { name: "config", value: "file", description: "Callers, socket and HTTP as JSON (EFFECT_AUTH_KEEPER_CONFIG)" },
      { name: "socket", value: "path", description: "The socket; default: keeper/keeper.sock in the store" },
      { name: "port", value: "port", description: "Serve HTTP on this port of 127.0.0.1 too; default: no HTTP" },
      store
    ],
    details: [
      "CALLERS",
      "  Without a file of callers there is one: whoever can read the file `keeper/bearer` in the store. It may read tokens.",
      "  {\"socket\": \"/run/keeper/keeper.sock\",",
      "   \"http\": {\"host\": \"0.0.0.0\", \"port\": 8443, \"cert\": \"tls.crt\", \"key\": \"tls.key\"},",
      "   \"callers\": [{\"name\": \"billing\", \"sha256\": [\"…\"], \"accounts\": [\"anna\"], \"operations\": [\"read\"]}]}",
      "  The digest of a bearer: printf %s \"$BEARER\" | sha256sum. Operations: read, refresh, signOut.",
      "  Accounts: names, or \"all\"; name* is all that begin so. Resources (further APIs) in the same way; default: none.",
      "",
      "CLIENTS",
      "  token, call and status with --keeper; the bearer is in EFFECT_AUTH_KEEPER_BEARER, in the file that",
      "  EFFECT_AUTH_KEEPER_BEARER_FILE names, or in keeper/bearer in the store. Programs: @effect-auth/remote.",
      "",
      "OVER HTTP",
      "  POST / for clients; GET /health, /metrics (Prometheus), and /console/ for a browser of this machine."
    ]
  },
  key: {
    name: "key",
    summary: "Say where the key is that seals what is kept; --to moves it between the system's keychain and a file",
    arguments: [],
    options: [
      { name: "to", value: "place", description: "Move the key there", oneOf: ["keychain", "file"] },
      store
    ],
    details: [
      "A new key goes into the keychain where there is one, else into a file beside the sessions. EFFECT_AUTH_KEY_STORE",
      "says which: keychain or file. EFFECT_AUTH_KEY, the key itself, takes the place of both."
    ]
  },
  sandbox: {
    name: "sandbox",
    summary: "Serve the four providers on this machine, and print addresses and made-up credentials",
    arguments: [],
    options: [
      { name: "port", value: "port", description: "The first of four ports; default: four that are free" },
      {
        name: "access-lifetime",
        value: "seconds",
        description: "How long access tokens live; default: as documented by each provider"
      },
      { name: "env", description: "Print an env file with all that a program needs: effect-auth sandbox --env > .env" },
      { name: "quiet", description: "Print no line on standard error for each request" }
    ],
    details: [
      "IN A BROWSER",
      "  Each address opens the console: sessions and their time lines, buttons that expire, revoke and spoil answers, and",
      "  lines to copy. <address>/docs is the API of that provider, to try out; <address>/openapi.json its document.",
      "",
      "FROM PROGRAMS",
      "  The buttons are an API: curl -X POST -H 'x-effect-auth-console: 1' <address>/console/api/sandboxes/placewise/expire",
      "  Its document is <address>/console/openapi.json. A new one-time code of Priava: …/api/sandboxes/priava/code"
    ]
  }
}

/** The command, and with the provider of a sign-in the options of that provider. */
export const commandOf = (name: CommandName, of?: string): CommandSpec => {
  const command = commands[name]
  if (name !== "sign-in" || of === undefined || !isProvider(of)) return command
  const { credential, flags, kept, title } = registry[of]
  const asked = credential === undefined ? kept : [...kept, credential]
  const secrets = asked.map((secret) => `  ${secret.label.padEnd(26)} ${variableOf(of, secret.name)}`)
  return {
    ...command,
    summary: `Sign in as ${title}`,
    options: [
      ...flags.map((flag): OptionSpec => ({
        name: flag.name,
        value: "text",
        description: flag.description + (flag.once === true ? "" : ` (${variableOf(of, flag.name)})`) +
          (flag.required === true ? "; needed" : ""),
        oneOf: flag.oneOf
      })),
      ...command.options
    ],
    details: [
      "SECRETS",
      ...secrets,
      credential === undefined
        ? "  Where the client has a secret, it is taken from this variable and kept, sealed. A browser asks the person."
        : "  They are asked for without showing what is typed, or taken from these variables, or read with --stdin.",
      "  Options are remembered: the next time they need not be given."
    ]
  }
}

/** The options of all commands and providers. An option has the same kind of value wherever it is one. */
export const everyOption: ReadonlyArray<OptionSpec> = [
  ...common,
  ...commandNames.flatMap((name) => commandOf(name).options),
  ...providerNames.flatMap((provider) => commandOf("sign-in", provider).options)
]
