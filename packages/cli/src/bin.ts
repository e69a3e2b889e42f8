#!/usr/bin/env node
/** The program `effect-auth`. What isn't needed isn't loaded: that is most of the time a short command takes. */
import { help } from "./internal/help.ts"

const args = process.argv.slice(2)

// A pipe that breaks is told to each write; as an event without a listener it would end the process with a stack trace.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {})

if (args.length === 0 || (args.length === 1 && (args[0] === "--help" || args[0] === "-h"))) {
  process.stdout.write(help, (error) => {
    if (error && !("code" in error && error.code === "EPIPE")) process.exitCode = 1
  })
} else {
  const { run } = await import("./internal/main.ts")
  run()
}
