/** What `many.slow.test.ts` does in passing, for longer, and over a bad network too. */
import { allCases, manyProcesses } from "../support/processes/manyCases.ts"
import { sharedStores } from "../support/processes/sharedStores.ts"
import { sqliteShared, workerScript } from "../support/processes/suite.ts"

manyProcesses(workerScript(), [sqliteShared, ...await sharedStores()], { cases: allCases, seconds: 15 })
