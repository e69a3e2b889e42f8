/** One of each kind of answer, to every call of every provider. */
import { quickCells } from "./answers.ts"
import * as subjects from "./subjects.ts"
import { run } from "./table.ts"

run(subjects.Placewise, quickCells)
run(subjects.Priava, quickCells)
run(subjects.Pitchpoint, quickCells)
run(subjects.WalletApp, quickCells)
