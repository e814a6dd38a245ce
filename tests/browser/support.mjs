/**
 * What the browser tests stand on: where the server is, who may sign in, a real Chromium, an audit of accessibility in
 * every look of a page, and a reader of CSV. Everything comes from the environment, so that whoever runs the tests
 * decides where things are.
 *
 *   BASE_URL       the running Worker; else the one that $STATE_DIR/demo.json names
 *   STATE_DIR      where `npm start` keeps its state (.state)
 *   SIMULATOR      the program that plays game servers
 *   CHROMIUM       the browser (/usr/bin/chromium)
 *   ARTIFACTS_DIR  where screenshots go (.artifacts)
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Mailbox, mailFolder } from '../../scripts/lib/mailbox.mjs'
import { answersOf, startSimulator } from '../../scripts/lib/play.mjs'

// The dashboard's packages serve its browser test as well: one lock file, one installation.
const require = createRequire(new URL('../../dashboard/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const { default: AxeBuilder } = require('@axe-core/playwright')

const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
]

/** Long enough for a busy machine; only a test that fails ever waits so long. */
export const PATIENCE_MS = 30_000

const DESKTOP = { width: 1280, height: 800 }
const PHONE = { width: 375, height: 812 }

/** Colours do not depend on the width, nor the layout on the colours: two looks show what four would. */
const LOOKS = [
  ['light', 'desktop', DESKTOP],
  ['dark', 'phone', PHONE],
]

const audited = new Set()

const stateDir = process.env.STATE_DIR ?? '.state'
const artifactsDir = process.env.ARTIFACTS_DIR ?? '.artifacts'

/** The demo school that a server was seeded with. */
export function readDemo(state = stateDir) {
  return JSON.parse(readFileSync(join(state, 'demo.json'), 'utf8'))
}

/** What the server mailed: `await mailbox.to(address)` waits for the newest unread mail, with its `links` and its `token`. */
export const mailbox = new Mailbox(mailFolder(stateDir))

export const demo = readDemo()
export const baseUrl = (process.env.BASE_URL ?? demo.base_url).replace(/\/$/, '')

/** Starts the browser. */
export function launchBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: CHROMIUM_ARGS })
}

/** A fresh profile with a page; what the page throws or its Content-Security-Policy stops is collected in `errors`. */
export async function openPage(browser, url = baseUrl) {
  const context = await browser.newContext({ baseURL: url, viewport: DESKTOP, acceptDownloads: true })
  context.setDefaultTimeout(PATIENCE_MS)
  return openTab(context)
}

/** One more page in the same profile. */
export async function openTab(context) {
  const page = await context.newPage()
  const errors = []
  page.on('pageerror', (error) => errors.push(String(error)))
  rememberToken(page)
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) errors.push(message.text())
  })
  return { context, page, errors }
}

/** Signs in through the form and waits for the classes. */
export async function signIn(page, account = demo.teacher) {
  await page.goto('/')
  await fillSignIn(page, account)
  await page.getByRole('heading', { name: 'Classes', level: 1 }).waitFor()
}

/** Fills in the form, on the page or in the dialog over one, and sends it. */
export async function fillSignIn(place, { email, password }) {
  await place.getByLabel('E-mail').fill(email)
  await place.getByLabel('Password').fill(password)
  await place.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** A handler of `page.route` that answers as if the token, or the session, were not good any more. */
export function refuse(code, status = 401) {
  const body = JSON.stringify({ type: 'about:blank', title: 'Refused', status, code })
  return (route) => route.fulfill({ status, contentType: 'application/problem+json', body })
}

/** The link to a page of ours in the newest mail to this address that has one, once it is there. */
export async function linkInMail(address, path) {
  const folder = join(stateDir, 'mail')
  const deadline = Date.now() + PATIENCE_MS
  while (Date.now() < deadline) {
    const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []
    for (const name of names.sort().reverse()) {
      const { to, text } = JSON.parse(readFileSync(join(folder, name), 'utf8'))
      const link =
        to === address && text.match(/https?:\/\/\S+/g)?.find((url) => new URL(url).pathname === path)
      if (link) return link
    }
    await wait(100)
  }
  throw new Error(`no mail to ${address} has a link to ${path}`)
}

/** The last access token that a page sent. It keeps it in memory, where a test cannot read it either. */
const tokens = new WeakMap()

function rememberToken(page) {
  page.on('request', (request) => {
    const token = /^Bearer (.+)$/.exec(request.headers().authorization ?? '')?.[1]
    if (token) tokens.set(page, token)
  })
}

/** The API as the person who is signed in on the page, for what another person or tab does meanwhile. */
export async function callApi(page, method, path, body, headers = {}) {
  const response = await fetch(new URL(path, page.url()), {
    method,
    headers: {
      Authorization: `Bearer ${tokens.get(page)}`,
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  assert.ok(response.ok, `${method} ${path} answered ${response.status}: ${await response.clone().text()}`)
  return { etag: response.headers.get('ETag'), data: response.status === 204 ? null : await response.json() }
}

/**
 * Looks at the page in light on a desk and in dark on a phone: axe must find nothing, and nothing may stick out sideways.
 * Leaves a picture of each. What was looked at before in this run is not looked at again.
 */
export async function audit(page, name) {
  if (audited.has(name)) return
  audited.add(name)
  await page.waitForFunction(() => document.querySelector('h1') && !document.querySelector('.skeleton'))
  for (const [colorScheme, device, viewport] of LOOKS) {
    // Without motion no colour is caught half-way between two looks.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize(viewport)
    const look = `${name}-${colorScheme}-${device}`
    await screenshot(page, look)
    const { violations } = await new AxeBuilder({ page }).analyze()
    assert.deepEqual(violations.map(describeViolation), [], `axe on ${look}`)
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    assert.ok(overflow <= 0, `${look} sticks out by ${overflow} px`)
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'no-preference' })
  await page.setViewportSize(DESKTOP)
}

function describeViolation(violation) {
  return {
    rule: violation.id,
    help: violation.help,
    nodes: violation.nodes.map((node) => node.html).slice(0, 5),
  }
}

/** Leaves a picture of the whole page. */
export async function screenshot(page, name) {
  mkdirSync(artifactsDir, { recursive: true })
  await page.screenshot({ path: join(artifactsDir, `${name}.png`), fullPage: true })
}

/**
 * Lets simulated game servers play the quiz, pupils thinking ten times as fast as in life; able ones know the answers.
 * They stay until the session ends. `finished` waits for that and fails when the server has not all that was sent;
 * `stop` ends them at once, whatever they do.
 */
export function simulate({ classCode, quiz, students, servers }) {
  const program = process.env.SIMULATOR
  assert.ok(program, 'SIMULATOR must hold the path of the game-server simulator')
  const options = { code: classCode, students, servers, speed: 10, seed: 1, until: 'session-end' }
  const server = { url: baseUrl, gameKey: demo.game_key }
  const { child, done } = startSimulator(
    program,
    { ...options, ...server, answers: answersOf(quiz) },
    () => undefined,
  )
  const finished = async () => {
    const { code, log } = await done
    assert.equal(code, 0, `the simulator ended with ${code}:\n${log}`)
  }
  return { finished, stop: () => child.kill() }
}

/** RFC 4180, as rows of cells. */
export function parseCsv(text) {
  const rows = [[]]
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy
  const source = text.replace(/^\uFEFF/, '')
  while (cell.lastIndex < source.length) {
    const [, quoted, plain, end] = cell.exec(source)
    rows.at(-1).push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if (end !== ',' && cell.lastIndex < source.length) rows.push([])
  }
  return rows
}
