// Adds up the results of all suites: `N passed, N failed, N skipped`. A suite without a result counts as one failure.
import { readFileSync, readdirSync, existsSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.argv[2]
const total = { passed: 0, failed: 0, skipped: 0 }
const add = (name, passed, failed, skipped) => {
  total.passed += passed
  total.failed += failed
  total.skipped += skipped
  console.log(`${name.padEnd(24)} ${passed} passed, ${failed} failed, ${skipped} skipped`)
}

for (const suite of readdirSync('tests').filter((name) => name.endsWith('.Tests')).sort()) {
  const file = join(folder, `${suite}.trx`)
  if (!existsSync(file)) {
    add(suite, 0, 1, 0)
    continue
  }
  const counters = /<Counters ([^>]*)\/>/.exec(readFileSync(file, 'utf8'))?.[1] ?? ''
  const count = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(counters)?.[1] ?? 0)
  const failed = count('failed') + count('error') + count('timeout') + count('aborted')
  add(suite, count('passed'), count('total') === 0 ? 1 : failed, count('total') - count('executed'))
}
const portal = join(folder, 'portal.json')
if (existsSync(portal)) {
  const result = JSON.parse(readFileSync(portal, 'utf8'))
  add('portal', result.numPassedTests, result.numFailedTests + (result.numTotalTests === 0 ? 1 : 0), result.numPendingTests)
} else add('portal', 0, 1, 0)

console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exit(total.failed + total.skipped > 0 ? 1 : 0)
