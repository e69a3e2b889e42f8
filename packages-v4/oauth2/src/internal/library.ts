/** oauth4webapi as this package uses it. */
import * as Clock from "effect/Clock"
import * as oauth from "oauth4webapi"

/** The clock that the library reads, whatever Clock the program has. */
const platformNow = (): number => platformClock.currentTimeMillisUnsafe()

const platformClock = Clock.Clock.defaultValue()

/**
 * The client, in the library's form. `now`: epoch milliseconds of the program's Clock. The library compares `exp`, `iat` and
 * `nbf` with the platform's clock and takes no other clock, only a skew in seconds. The skew here is the difference between the
 * two clocks: zero in production; under a TestClock it makes the library follow the test's time.
 */
export const clientOf = (clientId: string, now: number): oauth.Client => ({
  client_id: clientId,
  [oauth.clockSkew]: Math.round((now - platformNow()) / 1000)
})
