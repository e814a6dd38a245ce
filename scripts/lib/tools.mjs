/**
 * The tools that cargo builds: those of the Worker (the wasm target, worker-build and wasm-bindgen) and those of Roblox
 * (Rojo, selene). They are kept in the user's cache, each in a folder that carries its version. Installed only when
 * absent, into a folder aside that is then renamed, under a lock.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheDir, inRoot } from "./paths.mjs";
import { withLock } from "./lock.mjs";
import { capture, run } from "./run.mjs";
import { Failure, step } from "./step.mjs";

const wasmTarget = "wasm32-unknown-unknown";

/** The exact versions; wasm-bindgen's must be that of Cargo.lock. */
export const workerTools = {
  "worker-build": { version: "0.8.7", programs: ["worker-build"] },
  "wasm-bindgen-cli": { version: "0.2.129", programs: ["wasm-bindgen", "wasm-bindgen-test-runner"] },
};

/** Rojo makes places and models of the Luau sources; selene checks them. */
const robloxTools = {
  rojo: { version: "7.7.1", programs: ["rojo"] },
  selene: { version: "0.31.0", programs: ["selene"] },
};

const tools = { ...workerTools, ...robloxTools };

const folderOf = (crate) => join(cacheDir(), "tools", `${crate}-${tools[crate].version}`);

/** The path of an installed program of a tool. */
export const program = (crate, name) => join(folderOf(crate), "bin", name);

/** What worker-build would download if it were not handed over. */
export const workerBuildEnv = () => ({
  WASM_BINDGEN_BIN: program("wasm-bindgen-cli", "wasm-bindgen"),
  ESBUILD_BIN: inRoot("node_modules", ".bin", "esbuild"),
});

/** Installs whatever the Worker's build misses, one step each; says nothing when all is there. */
export async function ensureTools() {
  await ensureTarget();
  await ensure(workerTools);
}

/** Installs whatever the Roblox build and its checks miss. The first time takes some ten minutes on two cores. */
export const ensureRobloxTools = () => ensure(robloxTools);

async function ensure(wanted) {
  for (const [crate, { version }] of Object.entries(wanted)) {
    if (!isThere(crate)) await step(`${crate} ${version}`, () => install(crate));
  }
}

const isThere = (crate) => tools[crate].programs.every((name) => existsSync(program(crate, name)));

async function ensureTarget() {
  const found = await capture("rustc", ["--print", "target-libdir", "--target", wasmTarget]).catch(() => null);
  if (!found) {
    throw Object.assign(
      new Failure("rustc was not found on the PATH", {
        todo: "install Rust from https://rustup.rs, open a new shell, run this again",
      }),
      { step: "Rust" },
    );
  }
  if (existsSync(found.stdout.trim())) return;
  await step(`Rust target ${wasmTarget}`, () =>
    run("rustup", ["target", "add", wasmTarget], {
      todo: `without rustup, install your distribution's package for the Rust target ${wasmTarget}`,
    }),
  );
}

async function install(crate) {
  const folder = folderOf(crate);
  await withLock(`${folder}.lock`, async () => {
    if (isThere(crate)) return;
    const aside = `${folder}.new`;
    rmSync(aside, { recursive: true, force: true });
    mkdirSync(aside, { recursive: true });
    await run("cargo", ["install", "--locked", "--root", aside, "--version", tools[crate].version, crate], {
      env: { CARGO_TARGET_DIR: join(cacheDir(), "tools-build") },
      todo: "look at cargo's message above, then run this again; what was built so far is kept",
    });
    rmSync(folder, { recursive: true, force: true });
    renameSync(aside, folder);
  });
}
