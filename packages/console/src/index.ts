/** A web page that shows sessions while they live: their state, their time lines, what will need a person. */
export * as Console from "./Console.ts"

/** The console's API as an `HttpApi`: for its page, and for programs in any language. */
export * as ConsoleApi from "./ConsoleApi.ts"

/** What the console shows, and sends to its page and to other programs. */
export * as ConsoleModel from "./ConsoleModel.ts"

/** Where the console's sessions come from. */
export * as ConsoleSource from "./ConsoleSource.ts"
