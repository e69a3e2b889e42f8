/** Many processes on each store that processes can share. `many.soak.test.ts` is the same for longer, and over a bad network too. */
import { manyProcesses, manySessions, shortCases } from "../support/processes/manyCases.ts"
import { sharedStores } from "../support/processes/sharedStores.ts"
import { sqliteShared, workerScript } from "../support/processes/suite.ts"

const script = workerScript()
const stores = [sqliteShared, ...await sharedStores()]
// PostgreSQL and MySQL share their module, so one of them shows the rest.
const isMySql = ({ name }: { readonly name: string }) => name === "MySQL"

manyProcesses(script, stores.filter((store) => !isMySql(store)), { cases: shortCases, seconds: 10 })
manyProcesses(script, stores.filter(isMySql), { cases: [manySessions], seconds: 10 })
