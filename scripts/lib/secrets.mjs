// What the suites have printed (results/X.log) must hold nothing that their tests saw handed out (handed-out.txt beside each, written by TestKit).
// Leaves what it found for totals.mjs: it counts as one test.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'

const [results, built = 'artifacts/bin'] = process.argv.slice(2)
const belongsBefore = /[0-9A-Za-z.:\-_[]/
const belongsBehind = /[0-9A-Za-z]/
// Of what is short, a part of something longer is none.
const alone = (text, at, length) => length >= 16 || (!belongsBefore.test(text[at - 1] ?? ' ') && !belongsBehind.test(text[at + length] ?? ' '))
const isIn = (text, secret) => {
  for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + 1)) if (alone(text, at, secret.length)) return true
  return false
}

let looked = 0
const found = []
for (const log of readdirSync(results).filter((name) => name.endsWith('.Tests.log'))) {
  const suite = log.slice(0, -'.log'.length)
  const list = `${built}/${suite}/release/handed-out.txt`
  if (!existsSync(list)) continue
  const text = readFileSync(`${results}/${log}`, 'utf8')
  const secrets = readFileSync(list, 'utf8').split('\n').filter((line) => line.length > 5)
  looked += secrets.length
  found.push(...secrets.filter((secret) => isIn(text, secret)).map((secret) => `${suite} has printed a secret: ${secret.slice(0, 6)}…`))
}
found.forEach((line) => console.error(line))
console.log(`${looked} codes, tokens and passwords that the suites handed out were looked for in what they printed`)
// Nothing to look for would say nothing.
writeFileSync(`${results}/secrets.json`, JSON.stringify({ clean: looked > 0 && found.length === 0, found }))
