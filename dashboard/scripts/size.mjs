// What a first visit downloads before anything can be shown: the entry chunk and every chunk it imports statically.
// Lazy routes are listed for information. Fails above the budget of docs: 150 KB of JavaScript, gzip.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const BUDGET_BYTES = 150 * 1024
const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))

const gzipSize = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length
const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`.padStart(9)

const initial = new Set()
const visit = (key) => {
  const chunk = manifest[key]
  if (initial.has(chunk.file)) return
  initial.add(chunk.file)
  for (const imported of chunk.imports ?? []) visit(imported)
}
for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) visit(key)

const scripts = [...new Set(Object.values(manifest).map((chunk) => chunk.file))].filter((file) =>
  file.endsWith('.js'),
)
let total = 0
for (const file of scripts.filter((file) => initial.has(file))) {
  const bytes = gzipSize(file)
  total += bytes
  console.log(`${kilobytes(bytes)}  first load  ${file}`)
}
for (const file of scripts.filter((file) => !initial.has(file))) {
  console.log(`${kilobytes(gzipSize(file))}  lazy        ${file}`)
}
console.log(
  `${kilobytes(total)}  first load in all, of ${kilobytes(BUDGET_BYTES).trim()} allowed (JavaScript, gzip)`,
)
if (total > BUDGET_BYTES) {
  console.error('The first load is over its budget: make a route lazy or drop a dependency.')
  process.exit(1)
}
