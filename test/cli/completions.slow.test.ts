/** The completion scripts in real shells: what a person gets who presses the tabulator key. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { patience, pitchpoint, place, program } from "./program.ts"

const isThere = (shell: string) => ChildProcess.spawnSync(shell, ["-c", "exit 0"]).status === 0

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** A folder with `effect-auth` in it, two accounts that are signed in, and a shell that finds both. */
const shells = Effect.gen(function*() {
  const { env, home, run } = yield* place
  const { flags, secrets } = yield* pitchpoint()
  for (const account of ["kim", "kit@x.test"]) {
    const { code, stderr } = yield* run(["sign-in", "pitchpoint", ...flags, "--account", account, "--stdin"], {
      stdin: secrets
    })
    assert.strictEqual(code, 0, stderr)
  }
  const bin = Path.join(Path.dirname(home), "bin")
  Fs.mkdirSync(bin)
  const command = [process.execPath, ...program].map(quoted).join(" ")
  Fs.writeFileSync(Path.join(bin, "effect-auth"), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 })
  const shellEnv = { ...env, PATH: `${bin}:${env["PATH"] ?? ""}`, TERM: "dumb" }
  return (shell: string, args: ReadonlyArray<string>) =>
    Effect.sync(() => {
      const { stderr, stdout } = ChildProcess.spawnSync(shell, args, { env: shellEnv, timeout: 100_000 })
      return { stdout: String(stdout), stderr: String(stderr) }
    })
})

const lines = (text: string) => text.split("\n").filter((line) => line !== "")

describe("completions", () => {
  it.scopedLive.skipIf(!isThere("bash"))("bash", () =>
    Effect.gen(function*() {
      const shell = yield* shells
      const offered = (...words: ReadonlyArray<string>) => {
        const script = [
          "source <(effect-auth --completions bash)",
          `COMP_WORDS=(effect-auth ${words.map(quoted).join(" ")})`,
          `COMP_CWORD=${words.length}`,
          "_effect_auth",
          "printf \"%s\\n\" \"${COMPREPLY[@]}\""
        ]
        return Effect.map(shell("bash", ["--norc", "-c", script.join("\n")]), ({ stdout }) => lines(stdout))
      }
      assert.deepStrictEqual(yield* offered("to"), ["token"])
      assert.deepStrictEqual(yield* offered("token", "pi"), ["pitchpoint"])
      assert.deepStrictEqual(yield* offered("token", "pitchpoint", "--account", "ki"), ["kim", "kit@x.test"])
    }), patience)

  it.scopedLive.skipIf(!isThere("fish"))("fish", () =>
    Effect.gen(function*() {
      const shell = yield* shells
      const offered = (line: string) =>
        Effect.map(
          shell("fish", ["--no-config", "-c", `effect-auth --completions fish | source\ncomplete -C ${quoted(line)}`]),
          ({ stdout }) => lines(stdout)
        )
      assert.deepStrictEqual(yield* offered("effect-auth to"), ["token"])
      assert.deepStrictEqual(yield* offered("effect-auth token pi"), ["pitchpoint"])
      assert.deepStrictEqual(yield* offered("effect-auth token pitchpoint --account ki"), ["kim", "kit@x.test"])
    }), patience)

  it.scopedLive.skipIf(!isThere("zsh"))("zsh", () =>
    Effect.gen(function*() {
      const shell = yield* shells
      // A zsh on a terminal of its own gets the keys, and prints the line that the key completed.
      const completed = (typed: string) => {
        const script = [
          "zmodload zsh/zpty",
          "zpty inner zsh -f -i",
          "zpty -w inner \"PS1='> '; autoload -U compinit; compinit -u -D\"",
          "zpty -w inner 'source <(effect-auth --completions zsh); echo rea''dy'",
          "zpty -r -m inner out '*ready*'",
          "zpty -w inner 'shown() { print -r -- \"{$BUFFER}END\" }; zle -N shown; bindkey \"^X\" shown'",
          `zpty -w -n inner ${quoted(typed)}$'\\t'`,
          // It is read when the completion is done.
          "zpty -w -n inner $'\\x18'",
          "zpty -r -m inner out $'*}END\\r*'",
          "print -r -- \"$out\""
        ]
        return Effect.map(shell("zsh", ["-f", "-c", script.join("\n")]), ({ stderr, stdout }) =>
          /\{([^{}$]*)\}END/.exec(stdout)?.[1]?.trim() ?? assert.fail(`${stdout}\n${stderr}`))
      }
      assert.strictEqual(yield* completed("effect-auth to"), "effect-auth token")
      assert.strictEqual(yield* completed("effect-auth token pi"), "effect-auth token pitchpoint")
      assert.strictEqual(
        yield* completed("effect-auth token pitchpoint --account kit"),
        "effect-auth token pitchpoint --account kit@x.test"
      )
    }), patience)
})
