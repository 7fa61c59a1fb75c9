/**
 * The process `radsluice`: it does what its words say, and ends. The only place that ends the process.
 *
 * That is when all that was written has left it, however slowly it is read, or can't leave it any more.
 */
import { runCommand } from './commands/command-line.io.ts'
import { flushed, outputEnded } from './commands/terminal/output.io.ts'

void outputEnded()
const code = await runCommand(process.argv.slice(2))
await flushed()
process.exit(code)
