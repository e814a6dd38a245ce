/**
 * The steps of `npm test`. A step's `run` answers `{ passed, failed, log }`; a check without tests of its own counts as
 * one. `full` steps are left out of `npm test -- fast`; a step is not run when one that it `needs` failed.
 */
import { buildDashboard, ensureDashboardPackages } from "../build-dashboard.mjs";
import { buildWorker } from "../build-worker.mjs";
import { check, nodeTest, tests, work } from "./checks.mjs";
import { ensureChromium } from "./chromium.mjs";
import { cargoCounts, nodeCounts, vitestCounts } from "./counts.mjs";
import { formatted, inRoot } from "./paths.mjs";
import { withOwnServer } from "./own-server.mjs";
import { robloxSteps } from "./roblox-steps.mjs";
import { buildSimulator, simulator, studio } from "./simulator.mjs";
import { say } from "./step.mjs";
import { ensureTools, program } from "./tools.mjs";
import { ensurePython } from "../../tests/realtime/python.mjs";

const wasm = ["--target", "wasm32-unknown-unknown"];

const dashboard = { cwd: inRoot("dashboard") };

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
  ...robloxSteps,
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
  {
    name: "PyPI's pusher",
    full: true,
    run: work(async () => {
      if (!(await ensurePython())) say("! NO PYTHON 3 WITH VENV HERE: PyPI's pusher is not tried against our rooms");
    }),
  },
  { name: "Worker build", full: true, needs: ["tools"], run: work(buildWorker) },
  { name: "dashboard build", full: true, needs: ["dashboard packages"], run: work(buildDashboard) },
  { name: "simulator build", full: true, run: work(buildSimulator) },
  {
    name: "tests in workerd",
    full: true,
    needs: ["Worker build", "dashboard build", "simulator build"],
    run: tests("node", nodeTest("tests/worker"), nodeCounts, { env: { SIMULATOR: simulator, STUDIO: studio } }),
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
