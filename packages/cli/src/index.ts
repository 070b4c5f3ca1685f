export { runCli } from './cli.ts'
export type { CliContext } from './context.ts'
