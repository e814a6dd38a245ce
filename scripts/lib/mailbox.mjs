/**
 * Caught mail in a folder: three files a mail, `<time>-<to>.json`, `.txt` and `.html`, written by mail-catcher.mjs. Tests and
 * people read it; links in it are secrets of this machine, so the folder is its owner's alone.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { writeAtomic } from "./stamp.mjs";

/** Where the mail of a state folder lies. */
export const mailFolder = (state) => join(state, "mail");

/** A mail that is not there after this long was not sent. */
const PATIENCE_MS = 60_000;

/** The ids of all mails in a folder, oldest first. */
export function mailIds(folder) {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return names.map((name) => name.slice(0, -".json".length)).sort();
}

/** One mail: `{ id, at, from, to, subject, text, html, links, token, idempotency_key }`. */
export const readMail = (folder, id) => JSON.parse(readFileSync(join(folder, `${id}.json`), "utf8"));

/** Keeps a mail; its JSON last, so that whoever sees it sees all of it. Answers it with its id. */
export function keepMail(folder, mail, now = new Date()) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stem = `${now.toISOString().replace(/[:.]/g, "-")}-${mail.to
    .toLowerCase()
    .replace(/[^a-z0-9@._+-]/g, "_")
    .slice(0, 80)}`;
  let id = stem;
  for (let next = 2; existsSync(join(folder, `${id}.json`)); next += 1) id = `${stem}-${next}`;
  const links = mail.text.match(/https?:\/\/[^\s<>"]+/g) ?? [];
  const token = links.map((link) => link.split("#token=")[1]).find(Boolean) ?? null;
  const kept = { id, at: now.toISOString(), ...mail, links, token };
  const mode = 0o600;
  writeAtomic(join(folder, `${id}.txt`), mail.text, { mode });
  writeAtomic(join(folder, `${id}.html`), mail.html, { mode });
  writeAtomic(join(folder, `${id}.json`), `${JSON.stringify(kept, null, 2)}\n`, { mode });
  return kept;
}

/** What a test reads: each mail once. */
export class Mailbox {
  #read = new Set();

  constructor(folder) {
    this.folder = folder;
  }

  /** All mails to an address now, oldest first. */
  all(address) {
    const mails = mailIds(this.folder).map((id) => readMail(this.folder, id));
    return mails.filter(({ to }) => to.toLowerCase() === address.toLowerCase());
  }

  /**
   * Waits for a mail to the address that no earlier call has answered or passed over, and answers the newest. `subject` is a
   * pattern that its subject must match.
   */
  async to(address, { subject = /./, patience = PATIENCE_MS } = {}) {
    const deadline = Date.now() + patience;
    for (;;) {
      const unread = this.all(address).filter((mail) => !this.#read.has(mail.id) && subject.test(mail.subject));
      if (unread.length > 0) {
        for (const { id } of unread) this.#read.add(id);
        return unread.at(-1);
      }
      assert.ok(Date.now() < deadline, `no new mail to ${address} with a subject like ${subject} came`);
      await wait(50);
    }
  }
}
