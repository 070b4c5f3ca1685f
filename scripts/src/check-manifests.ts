import { resolve } from 'node:path'
import { findServices, policyProblems } from './manifests/check.ts'
import { patchTargetProblems } from './manifests/patch-targets.ts'
import { findKubectl, renderOverlays } from './manifests/render.ts'
import { typeProblems } from './manifests/types.ts'

// Renders every overlay of k8s/ (or of the folder given) and holds each object against the API's types and our rules.

const root = resolve(import.meta.dirname, '../..')
const kubectl = findKubectl()
if (kubectl === undefined) {
  console.log('skipped: kubectl is not on PATH, and a ready-made one is only for Linux on x64')
} else {
  const folder = resolve(process.argv[2] ?? `${root}/k8s`)
  const [overlays, services] = await Promise.all([renderOverlays(folder, kubectl), findServices(root)])
  const problems = [
    ...(await patchTargetProblems(folder, overlays)),
    ...(await typeProblems(overlays)),
    ...overlays.flatMap((overlay) => policyProblems(overlay, services)),
  ]
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
}
