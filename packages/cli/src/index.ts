export { listCommands, runCli } from './cli.ts'
export type { CommandSyntax } from './command.ts'
export type { CliContext } from './context.ts'
