#!/usr/bin/env node
/** The program `effect-auth`. It loads only the modules that a command needs: loading takes most of the time of a short command. */
import { parse } from "./internal/arguments/parse.ts"
import { usageOf } from "./internal/arguments/usage.ts"
import { scriptOf } from "./internal/completions.ts"
import { help } from "./internal/help.ts"
import * as pipe from "./internal/pipe.ts"
import { version } from "./internal/version.ts"

const args = process.argv.slice(2)

// Each write reports a failure to its caller. Without a listener the `error` event would end the process with a stack trace.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {})

const print = (stream: NodeJS.WriteStream, text: string, code: number): void => {
  process.exitCode = code
  stream.write(text, (error) => {
    if (!error || pipe.isClosed(error)) return
    process.exitCode = 1
    if (stream === process.stdout) process.stderr.write(`${pipe.sentenceOf(error)}\n`)
  })
}

if (args[0] === "--complete") {
  const { complete } = await import("./internal/main.ts")
  complete(args.slice(1))
} else {
  const asked = parse(args)
  switch (asked._tag) {
    case "Help":
      print(process.stdout, asked.command === undefined ? help : usageOf(asked.command, asked.provider), 0)
      break
    case "Version":
      print(process.stdout, `${version}\n`, 0)
      break
    case "Completions":
      print(process.stdout, scriptOf(asked.shell), 0)
      break
    case "Fault": {
      const json = JSON.stringify({ message: asked.message, _tag: "UsageError" })
      print(process.stderr, `${args.includes("--json") ? json : asked.message}\n`, 2)
      break
    }
    case "Run": {
      const { run } = await import("./internal/main.ts")
      run(asked)
    }
  }
}
