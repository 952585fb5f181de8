// Adds up the results of all suites: `N passed, N failed, N skipped`. A suite without a result counts as one failure.
// What failed is named before the sum, with its message: a suite's log is long, and its end seldom tells.
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

const text = (xml) => xml.replace(/&#x([0-9a-f]+);/gi, (_, code) => String.fromCodePoint(parseInt(code, 16))).replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&')
const failures = []
const failure = (suite, name, message) => failures.push([`FAILED ${suite}: ${name}`, ...message.trim().split('\n').slice(0, 25).map((line) => `    ${line.trimEnd().slice(0, 300)}`)].join('\n'))

const logEnd = (suite) => (existsSync(join(folder, `${suite}.log`)) ? readFileSync(join(folder, `${suite}.log`), 'utf8').trimEnd().split('\n').slice(-25).join('\n') : '')

for (const suite of readdirSync('tests').filter((name) => name.endsWith('.Tests')).sort()) {
  const file = join(folder, `${suite}.trx`)
  if (!existsSync(file)) {
    add(suite, 0, 1, 0)
    failure(suite, 'ended without a report', logEnd(suite))
    continue
  }
  const report = readFileSync(file, 'utf8')
  const counters = /<Counters ([^>]*)\/>/.exec(report)?.[1] ?? ''
  const count = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(counters)?.[1] ?? 0)
  let failed = count('failed') + count('error') + count('timeout') + count('aborted')
  if (failed === 0 && existsSync(join(folder, `${suite}.failed`))) {
    failed = 1
    failure(suite, 'ended with an error though each test passed', logEnd(suite))
  }
  for (const [result, attributes] of report.matchAll(/<UnitTestResult ([^>]*outcome="(?:Failed|Error|Timeout|Aborted)"[^>]*)>[\s\S]*?<\/UnitTestResult>/g)) {
    const part = (name) => text(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(result)?.[1] ?? '')
    failure(suite, text(/testName="([^"]*)"/.exec(attributes)?.[1] ?? '?'), `${part('Message')}\n${part('StackTrace')}`)
  }
  add(suite, count('passed'), count('total') === 0 ? 1 : failed, count('total') - count('executed'))
}
const portal = join(folder, 'portal.json')
if (existsSync(portal)) {
  const result = JSON.parse(readFileSync(portal, 'utf8'))
  for (const file of result.testResults) {
    if (file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed')) failure('portal', file.name, file.message)
    for (const test of file.assertionResults) if (test.status === 'failed') failure('portal', test.fullName, test.failureMessages.join('\n'))
  }
  add('portal', result.numPassedTests, result.numFailedTests + (result.numTotalTests === 0 ? 1 : 0), result.numPendingTests)
} else add('portal', 0, 1, 0)

const secrets = join(folder, 'secrets.json')
const printed = existsSync(secrets) ? JSON.parse(readFileSync(secrets, 'utf8')) : { clean: false, found: ['nothing was looked for'] }
if (!printed.clean) failure('logs', 'no secret is printed', printed.found.join('\n'))
add('no secret is printed', printed.clean ? 1 : 0, printed.clean ? 0 : 1, 0)

if (failures.length > 0) console.log(failures.join('\n'))
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exit(total.failed + total.skipped > 0 ? 1 : 0)
