import { describe, expect, it } from "@effect/vitest"
import { offerFor } from "../../../packages/cli/src/internal/arguments/complete.ts"
import { commandNames, commandOf } from "../../../packages/cli/src/internal/arguments/grammar.ts"
import { parse } from "../../../packages/cli/src/internal/arguments/parse.ts"
import { usageOf } from "../../../packages/cli/src/internal/arguments/usage.ts"
import { help } from "../../../packages/cli/src/internal/help.ts"
import { providerNames, registry, variableOf } from "../../../packages/cli/src/internal/providers/registry.ts"

const messageOf = (...args: ReadonlyArray<string>): string => {
  const asked = parse(args)
  return asked._tag === "Fault" ? asked.message : `no fault: ${asked._tag}`
}

describe("the arguments", () => {
  it("options may stand before and after the arguments, joined or apart, and repeat where they can", () => {
    expect(parse(["--json", "call", "-H", "A: 1", "placewise", "--header=B: 2", "get", "-d{}", "/x", "-i"])).toEqual({
      _tag: "Run",
      command: "call",
      arguments: { provider: "placewise", METHOD: "get", PATH: "/x" },
      options: { json: [], header: ["A: 1", "B: 2"], data: ["{}"], include: [] }
    })
    expect(parse(["call", "priava", "POST", "--", "--odd"])).toMatchObject({ arguments: { PATH: "--odd" } })
    expect(parse(["status"])).toMatchObject({ _tag: "Run", arguments: {} })
    expect(parse(["status", "priava", "--state", "ended"])).toMatchObject({ options: { state: ["ended"] } })
    expect(parse(["token", "priava", "--account", "a", "--account", "b"])).toMatchObject({
      options: { account: ["b"] }
    })
  })

  it("help and version in every spelling", () => {
    for (const args of [[], ["help"], ["--help"], ["-h"]]) expect(parse(args)).toEqual({ _tag: "Help" })
    for (const args of [["help", "token"], ["token", "--help"], ["token", "-h"]]) {
      expect(parse(args)).toMatchObject({ _tag: "Help", command: "token" })
    }
    expect(parse(["sign-in", "priava", "--help"])).toMatchObject({ command: "sign-in", provider: "priava" })
    for (const args of [["-v"], ["--version"], ["version"]]) expect(parse(args)).toEqual({ _tag: "Version" })
    expect(parse(["--completions", "zsh"])).toEqual({ _tag: "Completions", shell: "zsh" })
  })

  it("says what was meant", () => {
    expect(messageOf("tokn")).toContain("did you mean token?")
    expect(messageOf("signin")).toContain("did you mean sign-in?")
    expect(messageOf("hlep")).toContain("did you mean help?")
    expect(messageOf("token", "pitchpont")).toContain("did you mean pitchpoint?")
    expect(messageOf("token", "wallet")).toContain("did you mean wallet-app?")
    expect(messageOf("token", "placewise", "--acount", "x")).toContain("did you mean --account?")
    expect(messageOf("sign-in", "priava", "--client-di", "x")).toContain("did you mean --client-id?")
    expect(messageOf("token", "placewise", "--format", "kubctl")).toContain("did you mean kubectl?")
    expect(messageOf("nothing-like-it")).not.toContain("did you mean")
  })

  it("says what is missing and what is too much", () => {
    expect(messageOf("token")).toContain("needs <provider>: placewise, priava, pitchpoint, wallet-app")
    expect(messageOf("call", "priava")).toContain("needs <METHOD>")
    expect(messageOf("token", "priava", "more")).toContain("there is more")
    expect(messageOf("token", "priava", "--account")).toBe("--account needs a value: name")
    expect(messageOf("token", "priava", "--account", "--json")).toBe("--account needs a value: name")
    expect(messageOf("token", "priava", "--json=yes")).toContain("takes no value")
    expect(messageOf("--completions", "tcsh")).toContain("bash, zsh, fish, sh")
    // A prompt for each option, as some programs have, is not for programs.
    expect(messageOf("--wizard")).toContain("unknown option --wizard")
  })

  it("repeats nothing that may be a secret", () => {
    const secret = "hunter2hunter2"
    const lines = [
      [secret],
      ["token", secret],
      ["token", "priava", secret],
      ["token", "priava", `--pasword=${secret}`],
      ["token", "priava", `-p${secret}`],
      ["token", "priava", `--${secret}${secret}`],
      ["sign-in", "priava", "--password", secret],
      ["sign-in", "priava", `--client-secret=${secret}`],
      ["token", "priava", "--format", secret],
      ["status", "--state", secret],
      [`--completions=${secret}`],
      ["help", secret]
    ]
    for (const line of lines) {
      expect([line, parse(line)._tag]).toEqual([line, "Fault"])
      expect(messageOf(...line)).not.toContain(secret)
    }
  })
})

describe("the help", () => {
  it("names every command, option and variable", () => {
    for (const name of commandNames) {
      expect(help).toMatch(new RegExp(`^  ${name} `, "m"))
      const usage = usageOf(name)
      for (const option of commandOf(name).options) expect(usage).toContain(`--${option.name}`)
      for (const line of usage.split("\n")) expect([line, line.length <= 120]).toEqual([line, true])
    }
    for (const provider of providerNames) {
      const { credential, flags, kept } = registry[provider]
      const usage = usageOf("sign-in", provider)
      const asked = [
        ...flags.filter(({ once }) => once !== true),
        ...kept,
        ...credential === undefined ? [] : [credential]
      ]
      for (const { name } of asked) expect(usage).toContain(variableOf(provider, name))
    }
  })
})

describe("completions", () => {
  it("offer commands, providers, options, values and accounts", () => {
    expect(offerFor(["to"])).toMatchObject({ words: expect.arrayContaining(["token", "sign-in"]) })
    expect(offerFor(["token", ""])).toEqual({ _tag: "Words", words: providerNames })
    expect(offerFor(["token", "priava", "--"])).toMatchObject({ words: expect.arrayContaining(["--format", "--json"]) })
    expect(offerFor(["token", "priava", "--format", ""])).toMatchObject({ words: expect.arrayContaining(["kubectl"]) })
    expect(offerFor(["token", "priava", "--account", ""])).toEqual({ _tag: "Accounts", provider: "priava" })
    expect(offerFor(["sign-in", "priava", "--"])).toMatchObject({ words: expect.arrayContaining(["--client-id"]) })
  })
})
