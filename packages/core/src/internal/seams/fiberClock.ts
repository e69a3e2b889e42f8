/** The clock of a running fiber, without suspending it. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"

let lastServices: unknown
let lastClock: Clock.Clock | undefined

/** The clock is cached, because most requests run under the same services as the one before. */
export const clockOf = (fiber: Fiber.RuntimeFiber<unknown, unknown>): Clock.Clock => {
  const services = fiber.currentDefaultServices
  if (lastClock === undefined || services !== lastServices) {
    lastServices = services
    lastClock = Context.get(services, Clock.Clock)
  }
  return lastClock
}
