/**
 * Mail in these tests: a catcher in a temporary folder, and the settings that make a Worker send to it. `await mail.to(address)`
 * waits for the newest unread mail to an address and answers it with its `links` and its `token`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { catchMail } from "../../../scripts/lib/mail-catcher.mjs";
import { Mailbox } from "../../../scripts/lib/mailbox.mjs";

const KEY = "test-key-of-the-mail-catcher";

/** A mailbox with the catcher that fills it. */
export class CaughtMail extends Mailbox {
  #catcher;

  static async start() {
    const mail = new CaughtMail(mkdtempSync(join(tmpdir(), "toolboxai-mail-")));
    mail.#catcher = await catchMail({ folder: mail.folder, key: KEY });
    return mail;
  }

  /** The settings of a Worker whose mail comes here. */
  get bindings() {
    return { MAIL_PROVIDER: "http", MAIL_HTTP_URL: this.#catcher.endpoint, MAIL_HTTP_KEY: KEY };
  }

  /** Answers the next mails with a status of failure. */
  failNext(status, times) {
    this.#catcher.failNext(status, times);
  }

  async stop() {
    await this.#catcher.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
