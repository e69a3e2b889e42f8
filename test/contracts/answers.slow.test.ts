/** Every status with every kind of body, to every call of every provider. */
import { cells } from "./answers.ts"
import * as subjects from "./subjects.ts"
import { run } from "./table.ts"

run(subjects.Placewise, cells)
run(subjects.Priava, cells)
run(subjects.Pitchpoint, cells)
run(subjects.WalletApp, cells)
