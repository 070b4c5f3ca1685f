export { httpStatusOf, toProblem } from './problem.ts'
export type { Problem, ProblemBody } from './problem.ts'
export { createHttpServer } from './server.ts'
export type { HttpServerOptions } from './server.ts'
