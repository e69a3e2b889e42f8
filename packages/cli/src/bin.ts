#!/usr/bin/env node
/** The program `effect-auth`. What isn't needed isn't loaded: that is most of the time a short command takes. */
import { help } from "./internal/help.ts"

const args = process.argv.slice(2)

if (args.length === 0 || (args.length === 1 && (args[0] === "--help" || args[0] === "-h"))) {
  process.stdout.write(help)
} else {
  const { run } = await import("./internal/main.ts")
  run()
}
