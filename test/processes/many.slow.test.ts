/** Many processes on each store that processes can share. `many.soak.test.ts` is the same for longer, and over a bad network too. */
import { manyProcesses, shortCases } from "../support/processes/manyCases.ts"
import { sharedStores } from "../support/processes/sharedStores.ts"
import { sqliteShared, workerScript } from "../support/processes/suite.ts"

manyProcesses(workerScript(), [sqliteShared, ...await sharedStores()], { cases: shortCases, seconds: 10 })
