/**
 * The steps of `npm test`. A step's `run` answers `{ passed, failed, log }`; a check without tests of its own counts as
 * one. `full` steps are left out of `npm test -- fast`; a step is not run when one that it `needs` failed.
 */
import { existsSync, readdirSync } from "node:fs";
import { buildDashboard, ensureDashboardPackages } from "../build-dashboard.mjs";
import { buildWorker } from "../build-worker.mjs";
import { ensureChromium } from "./chromium.mjs";
import { cargoCounts, nodeCounts, vitestCounts } from "./counts.mjs";
import { formatted, inRoot } from "./paths.mjs";
import { withOwnServer } from "./own-server.mjs";
import { capture } from "./run.mjs";
import { buildSimulator, simulator } from "./simulator.mjs";
import { ensureTools, program } from "./tools.mjs";

const wasm = ["--target", "wasm32-unknown-unknown"];

/** A command that passes or fails as a whole. */
const check = (command, args, options) => async () => {
  const { code, output } = await capture(command, args, options);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, log: output };
};

/** A test runner, whose own counts are taken; one that ended badly without a failed test counts as one failure. */
const tests = (command, args, counts, options) => async () => {
  const { code, output } = await capture(command, args, options);
  const { passed, failed } = counts(output);
  const crashed = failed === 0 && (code !== 0 || passed === 0);
  return { passed, failed: crashed ? 1 : failed, log: output };
};

/** Work of our own that only has to succeed; it counts when it fails. */
const work = (run) => async () => {
  await run();
  return { passed: 0, failed: 0, log: "" };
};

const dashboard = { cwd: inRoot("dashboard") };

const testFiles = (folder) =>
  existsSync(inRoot(folder))
    ? readdirSync(inRoot(folder))
        .filter((name) => name.endsWith(".test.mjs"))
        .sort()
        .map((name) => `${folder}/${name}`)
    : [];

/** One process after the other: they measure nothing, but two servers on two cores would only wait for each other. */
const nodeTest = (folder) => ["--test", "--test-reporter=spec", "--test-concurrency=1", ...testFiles(folder)];

/** All steps in order. */
export const steps = [
  { name: "tools", run: work(ensureTools) },
  { name: "cargo fmt", run: check("cargo", ["fmt", "--all", "--check"]) },
  { name: "prettier", run: check("prettier", ["--check", ...formatted]) },
  {
    name: "clippy, host",
    run: check("cargo", ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
  },
  {
    name: "clippy, wasm",
    needs: ["tools"],
    run: check("cargo", ["clippy", "--lib", "--locked", ...wasm, "--", "-D", "warnings"]),
  },
  {
    name: "cargo test",
    run: tests("cargo", ["test", "--workspace", "--locked", "--no-fail-fast"], cargoCounts),
  },
  {
    name: "wasm-bindgen-test",
    needs: ["tools"],
    run: tests("cargo", ["test", "--lib", "--locked", ...wasm], cargoCounts, {
      env: { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: program("wasm-bindgen-cli", "wasm-bindgen-test-runner") },
    }),
  },
  { name: "security map", run: check("node", ["scripts/check-security-map.mjs"]) },
  { name: "bench typecheck", run: check("tsc", ["--noEmit", "-p", "bench/peers"]) },
  { name: "dashboard packages", run: work(ensureDashboardPackages) },
  {
    name: "dashboard typecheck",
    needs: ["dashboard packages"],
    run: check("npm", ["run", "typecheck"], dashboard),
  },
  { name: "dashboard lint", needs: ["dashboard packages"], run: check("npm", ["run", "lint"], dashboard) },
  {
    name: "dashboard tests",
    needs: ["dashboard packages"],
    run: tests("npm", ["test"], vitestCounts, dashboard),
  },
  { name: "Worker build", full: true, needs: ["tools"], run: work(buildWorker) },
  { name: "dashboard build", full: true, needs: ["dashboard packages"], run: work(buildDashboard) },
  { name: "simulator build", full: true, run: work(buildSimulator) },
  {
    name: "tests in workerd",
    full: true,
    needs: ["Worker build", "dashboard build", "simulator build"],
    run: tests("node", nodeTest("tests/worker"), nodeCounts, { env: { SIMULATOR: simulator } }),
  },
  {
    name: "tests in a browser",
    full: true,
    needs: ["Worker build", "dashboard build", "simulator build"],
    run: async () => {
      const env = {
        SIMULATOR: simulator,
        CHROMIUM: await ensureChromium(),
        ARTIFACTS_DIR: inRoot("artifacts", "browser"),
      };
      return withOwnServer(({ url, state }) =>
        tests("node", nodeTest("tests/browser"), nodeCounts, { env: { ...env, BASE_URL: url, STATE_DIR: state } })(),
      );
    },
  },
];
