/** A school's admin in a real browser: keys, and the audit log of them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { withAdmin } from './accounts.mjs'
import { audit, launchBrowser, parseCsv } from './support.mjs'

const TEST_PATIENCE_MS = 240_000

let browser
before(async () => {
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
})

test('a key is shown once, replaced with an overlap, and revoked, and the audit log says so', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withAdmin(browser, 'Kim Keys', async ({ page }) => {
    await page.goto('/school/keys')
    await page.getByText('No keys yet').waitFor()
    await page.getByRole('button', { name: 'New key' }).click()
    const dialog = page.getByRole('dialog', { name: 'New key' })
    await dialog.getByLabel('Name').fill('Obby')
    await audit(page, 'key-new')
    await dialog.getByRole('button', { name: 'Make the key' }).click()
    const first = await keepKey(page)
    await audit(page, 'keys')
    await page.getByRole('button', { name: 'Rotate Obby' }).click()
    await page.getByLabel('The old key works for').selectOption({ label: 'One hour' })
    await page.getByRole('button', { name: 'Make the new key' }).click()
    const second = await keepKey(page)
    assert.notEqual(first, second)
    const revoke = page.getByRole('button', { name: 'Revoke Obby' })
    await revoke.first().click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('Revoked', { exact: true }).waitFor()
    assert.ok(!(await page.content()).includes(second), 'the key is gone from the page')
    await assertAudit(page)
  })
})

/** Reads the key that is shown once, and closes the dialog. */
async function keepKey(page) {
  const dialog = page.getByRole('dialog', { name: 'Keep this key' })
  await dialog.waitFor()
  const key = await dialog.locator('code').textContent()
  await dialog.getByRole('button', { name: 'I have kept it' }).click()
  await dialog.waitFor({ state: 'detached' })
  return key
}

/** The log has what was done to keys; a press on an action leaves only those, also in the file. */
async function assertAudit(page) {
  await page.goto('/school/audit')
  const table = page.getByRole('table')
  await table.getByText('Key made', { exact: true }).first().waitFor()
  await audit(page, 'audit')
  await table.getByRole('button', { name: 'Key revoked' }).click()
  await table.getByText('Key made', { exact: true }).waitFor({ state: 'detached' })
  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download CSV' }).click()
  const [header, ...rows] = parseCsv(readFileSync(await (await downloading).path(), 'utf8'))
  const action = header.indexOf('action')
  assert.ok(action >= 0, `the header is ${header}`)
  assert.deepEqual(
    rows.map((row) => row[action]),
    ['key.revoked'],
  )
}
