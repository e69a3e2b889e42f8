/** Opens a page in the browser of the person at the terminal. */
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import * as Output from "./output.ts"
import { isAnybodyThere } from "./terminal.ts"

/** The program of each system that opens a URL. */
const openers: { readonly [platform: string]: readonly [command: string, ...parameters: ReadonlyArray<string>] } = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"]
}

const launch = (url: string) =>
  Effect.sync(() => {
    const [command, ...parameters] = openers[process.platform] ?? ["xdg-open"]
    // It goes on without this program, and where it is missing the person opens the page.
    spawn(command, [...parameters, url], { stdio: "ignore", detached: true }).on("error", () => {}).unref()
  })

/** Says which page it is, and opens it where somebody is at the terminal. */
export const open = (url: string): Effect.Effect<void> =>
  Effect.zipRight(
    Output.say(`open this page in a browser on this machine: ${url}`),
    Effect.when(launch(url), isAnybodyThere)
  )
