/**
 * All limits and defaults of the session machine. Durations are in milliseconds unless the name says otherwise. The G
 * numbers are the guarantees of `docs/guarantees.md`.
 */

const second = 1_000
const minute = 60 * second
const hour = 60 * minute

// ── Options and their defaults (`RefreshOptions`, `AuthSessions.Options`)

/** G32. One exchange: connect, send and read. */
export const deadline = 15 * second
/** G17. How long a commit is tried while the store fails, before the new tokens are served from memory. */
export const commitPatience = 3 * second
/** G04. How long a caller that needs a token waits out a failure for one more attempt. */
export const retryPatience = 2 * second
/**
 * G52. How long closing waits for exchanges that were sent. A container is killed ten seconds after it is asked to
 * stop.
 */
export const closePatience = 8 * second
/** G22. The claim's ttl is this much longer than its deadline and its commit patience. */
export const claimMargin = 2 * second
/** G58. How long an undocumented refusal must be repeated before it ends a session. */
export const confirmRefusalAfter = 4 * hour
/**
 * G64. A token younger than this may still be unknown to the API; after its first rejection the same token is tried
 * again.
 */
export const propagation = second
/** G30. How many exchanges of one provider may run at the same time. */
export const concurrentExchanges = 16
/** G53. Sessions unused for this long are evicted from memory. */
export const idleAfter = 30 * minute

// ── Lifetimes of tokens

/**
 * G01. A token counts as dead when it has less left than this or than `hardMarginPart` of its lifetime, whichever is
 * smaller.
 */
export const hardMargin = 30 * second
export const hardMarginPart = 0.1
/** G34. A longer lifetime counts as this. */
export const longestLifetime = 365 * 24 * hour
/** G34. A lifetime of zero or less counts as this, so that a new token does not cause a refresh loop. */
export const shortestLifetime = 5 * second
/** G34. A lifetime shorter than this counts as zero, because no request could use the token. */
export const negligibleLifetime = 100
/** G57. A refresh token that had less than this left when it was issued does not cause a refresh ahead. */
export const shortestRefreshLife = 5 * second
/**
 * G13. If a token came from a rejection and is rejected again before this age (or half its lifetime), there is no
 * refresh.
 */
export const youth = 30 * second

// ── Refreshing ahead

/** G06. Tokens with a shorter lifetime than this are refreshed on demand, not ahead of expiry. */
export const spacing = 500
/** G48. If a due time is missed by more than this, the machine slept or the event loop was blocked. */
export const overslept = 5 * second
/** G48. After a sleep, sessions that still have time are spread over up to this. */
export const spread = 10 * second
/**
 * G47. Between two checks of the clocks the schedule sleeps a sixteenth of the time that is left, within the two limits
 * below. So a sleep of the machine is noticed in minutes, and a token of a year does not wake the process each minute.
 */
export const sleepPart = 1 / 16
export const shortestLook = 4 * minute
export const longestSleep = 6 * hour
/** G47. If the wall clock moved this much further than the monotonic one, the machine slept or the clock was set. */
export const clockJump = 2 * second
/** If a session is still due after a flight and no wait is known, it is checked again after this. */
export const lookAgain = second
/** The shortest time until a session is checked again. */
export const soonestLook = 100

// ── Failures

/** G30. The wait when a retry schedule has ended: callers may try again, but not at once. */
export const afterScheduleEnd = 30 * second
/**
 * The most schedule steps that are replayed. More would be expensive after a long outage, and most schedules no longer
 * change.
 */
export const longestReplay = 256
/** The longest backoff that a record can hold: JSON has no infinity. */
export const longestBackoff = 24 * hour
/** G31. A longer Retry-After counts as this. */
export const longestRetryAfter = hour
/** G31. A forced refresh obeys a longer Retry-After only after a rate limit. A maintenance may end sooner than its page says. */
export const forcedObeysAtMost = minute
/** G59. The wait of this process after a configuration fault. It doubles up to `longestFaultRest`. */
export const faultRest = minute
/** G59. The same when the token endpoint redirects, because a captive portal does that and it passes soon. */
export const urlFaultRest = 2 * second
export const longestFaultRest = 15 * minute
/**
 * G27, G57. In doubt, or after the refresh token's own expiry, an undocumented refusal must come again after this to
 * end the session.
 */
export const confirmSoonAfter = minute
/** G27. After this many failures in a row without a known reason, the event `Suspect` is emitted. */
export const suspectAfter = 10
/** G06. The most exchanges in one flight that bring no usable token. */
export const mostExchanges = 3
/** G06. The wait without an exchange after that. */
export const restAfterUseless = 15 * second
/** How often a caller joins or starts a flight before it fails. */
export const mostRounds = 4

// ── Claims and exchanges

/** The longest claim that a record can hold: JSON has no infinity. */
export const longestClaim = 24 * hour
/** The shortest useful claim. An exchange is not shortened below this to fit its claim. */
export const shortestClaim = second
/**
 * G22. An owner whose connection to the store is lost keeps its claim for this long minus the age of the claim, but at
 * least for `shortestAbsence`. The owner may be in the middle of its exchange.
 */
export const absence = 3 * second
export const shortestAbsence = 300
/** The longest single wait for another owner's claim. */
export const claimWait = second
/** The first poll of a store that does not push. The interval then grows. */
export const firstLook = 20
export const slowestLook = 200
/** G59. An exchange that takes longer passes its permit to the next one. The exchange continues. */
export const slowExchange = second
/** G56. If a deadline fires later than this, the event loop was blocked, so the answer may be there in time. */
export const lateTimer = 100
/** G56. After a late deadline, this is the time to read an answer that has already arrived. */
export const readTurn = 250

// ── The limit of a token endpoint (G59)

/** If two sessions get a 429 within this, they count as meeting the same limit. */
export const limitsTogether = 5 * second
/** The shortest pause of all calls. It doubles each time that no call is answered, up to `longestPause`. */
export const shortestPause = second
/** After this, one session calls again even if a Retry-After is longer, because it may be about another session. */
export const longestPause = 30 * second
/** The window in which answers are counted, to measure the server's rate. */
export const countedFor = 2 * second
/** When the limit is met again, the pace is multiplied by this. */
export const slowedTo = 0.9
/**
 * The pace grows once in this time. It grows by `growsBack` until it reaches `nearLimit` of the pace that met the
 * limit, then by `grows`, and by `growsBoldly` after `calmAfter` without a limit.
 */
export const growEach = second
export const growsBack = 1.1
export const nearLimit = 0.95
export const grows = 1.005
export const growsBoldly = 1.5
export const calmAfter = 30 * second
/** The first estimate of the limit: this many times the rate before the limit was first met. */
export const firstGuess = 2
/** A shorter interval counts as no interval. */
export const noInterval = 1
/** A caller whose turn would come later than this fails at once. */
export const longestQueue = 30 * second

// ── Store

/** A call of the store may take this much longer than `commitPatience`. */
export const storeMargin = 2 * second
/** The first retry of a failed write. The interval then grows. */
export const firstRewrite = 20
export const slowestRewrite = 500
/** The first background retry of an unsaved write. The interval then grows. */
export const firstLateSave = 100
export const slowestLateSave = 5 * second
/** If a compare-and-set loses more often than this in a row, the store counts as broken. */
export const mostLostRaces = 1_000

// ── Signing out, closing, events

/** G46. How often a revocation with a transient failure is retried in the background. */
export const mostRevocations = 5
export const shortestRevocationWait = second
/** G52. After its patience, closing waits for writes for `commitPatience` plus this. */
export const closeMargin = second
export const flushMargin = 5 * second
/** G60. The first retry of a failed subscription to the store's changes. The interval then grows. */
export const listenAgain = second
export const slowestListen = minute
/** G60. A read after a reported change failed. It is tried again after this time. */
export const readAgain = second
/** The age of a decision after which the record is read again, on stores that do not report an erasure at once. */
export const longestUnreported = second
/** Two expiry times that differ by less than this are the same. */
export const sameEnd = minute
/** `ReauthenticationDue` is emitted when this is left, or half of the session's time if that is less. */
export const announcedAhead = 24 * hour
/** How many events wait for a slow reader. Beyond it, the reader misses the oldest ones. */
export const eventBuffer = 256
/** The same for a reader of the events of all sessions. */
export const eventBufferOfAll = 16_384

// ── Many sessions

/** The longest timer of JavaScript platforms: a longer one fires at once. */
export const longestTimer = 2 ** 31 - 1
/** The shortest time between two searches for idle sessions. */
export const shortestSweep = second
/** How many sessions are checked in one turn of the event loop. */
export const sweptPerTurn = 4_096
/** G53. How many accounts without a session stay in memory, so that a caller can go on with one between two steps. */
export const mostVacant = 1_024
/**
 * How many due sessions are started in one turn of the event loop. After `longestTurn` no more are started in that
 * turn.
 */
export const startedPerTurn = 32
export const longestTurn = 2

/** How many records one layer keeps as it wrote them, so that a refresh ahead needs no read. A record is 1 to 3 kB. */
export const mostKept = 10_000
