/** Pairing a Studio plugin: its code on the dashboard, yes and no, and its access taken away again. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { enter, makePerson } from './accounts.mjs'
import { audit, baseUrl, fillSignIn, launchBrowser, openPage, screenshot } from './support.mjs'

const TEST_PATIENCE_MS = 240_000

let browser
before(async () => {
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
})

async function withTeacher(name, run) {
  const { context, page, errors } = await openPage(browser)
  try {
    const teacher = await makePerson(name)
    await enter(page, teacher)
    await run(page, teacher)
    assert.deepEqual(errors, [], 'the page threw nothing')
  } catch (error) {
    await screenshot(page, 'studio-failure')
    throw error
  } finally {
    await context.close()
  }
}

let count = 0

/** A plugin in some Studio: it registers and shows its code. */
async function registerPlugin() {
  count += 1
  const studioId = `studio-${Date.now().toString(36)}-${count}`
  const response = await fetch(`${baseUrl}/register_plugin`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ studio_id: studioId, place_id: '1818' }),
  })
  assert.ok(response.ok, `it answered ${response.status}: ${await response.clone().text()}`)
  return { ...(await response.json()), studioId }
}

/** What the plugin hears when it asks for its token. */
async function pollToken({ pairing, studioId }) {
  const response = await fetch(`${baseUrl}/api/v1/plugins/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: pairing.device_code,
      client_id: studioId,
    }),
  })
  return response.json()
}

function beat(token) {
  return fetch(`${baseUrl}/heartbeat`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: '{}',
  })
}

test('a teacher confirms the code of a plugin, sees it alive, and revokes it', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withTeacher('Stu Studio', async (page) => {
    await page.goto('/studio')
    await page.getByText('No plugin is paired yet').waitFor()
    await audit(page, 'studio-none')
    const plugin = await registerPlugin()
    await page.getByRole('link', { name: 'Pair a plugin' }).click()
    await page.getByLabel('Code of the plugin').fill('bcdf-ghjk')
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByText(/^There is no such code\./).waitFor()
    await audit(page, 'pair-unknown')
    await page.getByLabel('Code of the plugin').fill(plugin.pairing.user_code.toLowerCase())
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByRole('heading', { name: 'Is this your Studio?' }).waitFor()
    await page.getByText(plugin.pairing.user_code, { exact: true }).waitFor()
    await audit(page, 'pair-question')
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByRole('heading', { name: 'The plugin is paired' }).waitFor()
    await audit(page, 'pair-done')

    const { access_token: token } = await pollToken(plugin)
    assert.ok(token, 'the plugin got its token')
    assert.equal((await beat(token)).status, 200)
    await page.getByRole('link', { name: 'See your plugins' }).click()
    const list = page.getByRole('list', { name: 'Plugins' })
    await list.getByText('Here', { exact: true }).waitFor()
    await audit(page, 'studio')
    await list.getByRole('button', { name: /^Revoke / }).click()
    await audit(page, 'studio-revoke')
    await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('No plugin is paired yet').waitFor()
    assert.equal((await beat(token)).status, 401)
  })
})

test('the link of a plugin brings its code along, also over the sign-in, and a denied plugin gets nothing', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withTeacher('Dana Deny', async (page, teacher) => {
    const plugin = await registerPlugin()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor()
    await page.goto(`/pair#code=${plugin.pairing.user_code}`)
    await fillSignIn(page, teacher)
    const field = page.getByLabel('Code of the plugin')
    await field.waitFor()
    assert.equal(await field.inputValue(), plugin.pairing.user_code)
    assert.equal(new URL(page.url()).hash, '', 'the code is gone from the address')
    await audit(page, 'pair-linked')
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.getByRole('heading', { name: 'Nothing was paired' }).waitFor()
    await audit(page, 'pair-denied')
    assert.equal((await pollToken(plugin)).error, 'access_denied')
    await page.getByRole('button', { name: 'Enter another code' }).click()
    await page.getByLabel('Code of the plugin').fill(plugin.pairing.user_code)
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByRole('heading', { name: 'Nothing was paired' }).waitFor()
  })
})
