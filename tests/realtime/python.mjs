/** PyPI's server library, in a virtual environment of the user's cache. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheDir, inRoot } from "../../scripts/lib/paths.mjs";
import { capture, run } from "../../scripts/lib/run.mjs";
import { withLock } from "../../scripts/lib/lock.mjs";

const VERSION = "3.3.4";
const venv = join(cacheDir(), `pusher-python-${VERSION}`);
const python = join(venv, "bin", "python");
const installed = join(venv, "installed");

/** Installs it unless it is there; answers whether this machine has a Python to do so. */
export async function ensurePython() {
  const { code } = await capture("python3", ["-c", "import venv, ensurepip"]).catch(() => ({ code: 1 }));
  if (code !== 0) return false;
  await withLock(`${venv}.lock`, async () => {
    if (existsSync(installed)) return;
    const todo = "a package index is needed for PyPI's pusher";
    await run("python3", ["-m", "venv", "--clear", venv], { todo });
    await run(join(venv, "bin", "pip"), ["install", "--quiet", `pusher==${VERSION}`], { todo });
    await run("touch", [installed]);
  });
  return true;
}

/** Calls a method of the library's client; answers what it answered, or throws what it raised. */
export async function callPython(target, method, args) {
  const { host, port, tls, appId, key, secret, encryptionMasterKeyBase64 } = target;
  const client = {
    ...{ app_id: appId, key, secret, host, port, ssl: tls },
    encryption_master_key_base64: encryptionMasterKeyBase64,
  };
  const input = JSON.stringify({ client, method, args });
  const { code, output, stdout } = await capture(python, [inRoot("tests", "realtime", "library.py")], { input });
  if (code !== 0) throw new Error(`PyPI's pusher: ${output.trim().split("\n").at(-1)}`);
  return JSON.parse(stdout);
}
