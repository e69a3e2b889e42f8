/** All limits and defaults of the package. Durations are in milliseconds. */

const second = 1_000
const minute = 60 * second

// ── The wire

/** The versions of the calls that this package speaks. A change that an older side can't read raises `newest`. */
export const versions = { oldest: 1, newest: 1 }
/** The largest message (characters), and the largest HTTP body (bytes). The largest real message is a token of a few kB. */
export const longestMessage = 256 * 1_024

// ── The server

/** How many calls may be under way: all together, and those of one caller. */
export const concurrentCalls = 1_024
export const concurrentCallsOfOne = 256
/** For each call that may be under way, so many bearers may be looked at. */
export const digestsForCall = 4
/** How many clients may listen to events: all together, and those of one caller. */
export const listeners = 4_096
export const listenersOfOne = 1_024
/** When a client that met a limit may ask again. */
export const busyFor = 200
/** How many events wait for slow readers; beyond it they miss the oldest ones. */
export const eventBuffer = 1_024
/** How many accounts that changed wait for a slow reader; beyond it, it hears that everything changed. */
export const mostChanged = 16_384
/** How many notices one message has. */
export const noticesAtOnce = 128
/** How long closing waits for calls that are under way. */
export const drainPatience = 2 * second
/** How often the server looks whether tokens that clients hold were replaced. */
export const watchEach = 50
/** How many accounts a keeper watches for its clients. Clients ask again for further ones after `pollEach`. */
export const mostWatched = 100_000
/** So many in one turn of the event loop. */
export const watchedPerTurn = 4_096
/** A client asks again after this for a token without a known due time. */
export const longestFresh = minute
/** A client asks again after this for a token that is being replaced. */
export const staleFor = 250
/** The most bytes of answers that may wait for a client. Beyond it, nothing more is read from that client. */
export const mostUnread = 256 * 1_024
/** A client that reads no answer for this long is disconnected. */
export const readPatience = 2 * second
/** The interval in which that is checked. */
export const lookAtReader = 500

/** A lock on a socket that is older than this was left by a process that was killed. */
export const longestLock = 5 * second
/** The interval in which a process that waits for the lock looks at it. */
export const lookAtLock = 20

// ── The client

/** The longest time for connecting and `Hello` together. */
export const connectWithin = 2 * second
/** A caller that waits for a connection asks the next keeper after this. */
export const openPatience = 250
/** After a failed connection, an endpoint is not tried for this long at least. The time grows with each failure in a row. */
export const leastRest = 50
export const longestRest = second / 2
/** The wait between two rounds over all endpoints. */
export const betweenRounds = 100
/** After this a keeper that did not answer has to show that it lives, within `probePatience`. */
export const answerPatience = 500
export const probePatience = 500
/** The longest a call may take: an exchange, its commit, and one more attempt. */
export const callDeadline = 20 * second
/** How long a caller that needs a token waits for some server to come back. */
export const reconnectPatience = 2 * second
/** How long a caller waits for the reason of a change that was heard, while it has a live token. */
export const catchUpPatience = 500
/** After a failed question a live token is served for this long without another one. */
export const askAgain = 250
/** How long a token is served without asking while no events are heard. */
export const pollEach = 10 * second
/** How long a client waits before it listens again: longer after each failure in a row. */
export const leastDeafness = 100
export const longestDeafness = 3 * second
/** Tokens that are dead leave memory. */
export const sweepEach = minute
/** How many events wait for a slow reader. */
export const ownEventBuffer = 1_024
