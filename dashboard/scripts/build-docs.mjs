// Puts the API viewer and the page of problems into dist/docs/, from our own assets, so that /docs works without a CDN and under a strict
// Content-Security-Policy: the page carries no inline script. The contract that it shows is an asset as well, not code of the Worker.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { problemsPage } from './problems.mjs'

const require = createRequire(import.meta.url)
const swagger = dirname(require.resolve('swagger-ui-dist/package.json'))
const source = fileURLToPath(new URL('../docs-viewer/', import.meta.url))
const target = fileURLToPath(new URL('../dist/docs/', import.meta.url))

mkdirSync(target, { recursive: true })
for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js', 'LICENSE', 'NOTICE']) {
  copyFileSync(join(swagger, file), join(target, file))
}
for (const file of ['index.html', 'init.js', 'viewer.css', 'problems.css'])
  copyFileSync(join(source, file), join(target, file))
writeFileSync(join(target, 'problems.html'), problemsPage())
const contract = JSON.parse(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8'))
writeFileSync(join(target, '../openapi.json'), JSON.stringify(contract))
console.log('dist/ holds the API viewer, the page of problems and the contract')
