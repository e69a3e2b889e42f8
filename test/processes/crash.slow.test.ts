import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { crashCase, crashPoints } from "../support/processes/crash.ts"
import { sharedStores } from "../support/processes/sharedStores.ts"
import { workerScript } from "../support/processes/suite.ts"

const script = workerScript()

describe.concurrent("a process killed by SIGKILL in the middle of a refresh (SQLite)", () => {
  for (const reuse of ["revoke-family", { repeatable: "untilUsed" }] as const) {
    // Up to the send the two kinds of servers see the same.
    for (const point of typeof reuse === "object" ? crashPoints.slice(3) : crashPoints) {
      for (const access of ["alive", "dead"] as const) {
        const server = typeof reuse === "object" ? "a server with grace" : "a strict server"
        it.scopedLive(
          `${point}, ${server}, access token ${access}`,
          () =>
            Effect.map(
              crashCase(script(), { point, reuse, access }),
              ({ longest, outcome }) =>
                console.log(`killed at ${point} (${server}, access token ${access}): ${outcome}, waited ${longest} ms`)
            ),
          240_000
        )
      }
    }
  }
})

// What the store itself has a part in: its presence, and the write that is cut off.
for (const { isSkipped, name, store } of await sharedStores()) {
  describe.skipIf(isSkipped)(`a process killed by SIGKILL in the middle of a refresh (${name})`, () => {
    for (const point of ["claimed", "committing"] as const) {
      it.scopedLive(
        `${point}, a strict server, access token dead`,
        () =>
          Effect.map(
            crashCase(script(), { point, reuse: "revoke-family", access: "dead", store }),
            ({ longest, outcome }) => console.log(`killed at ${point} (${name}): ${outcome}, waited ${longest} ms`)
          ),
        240_000
      )
    }
  })
}
