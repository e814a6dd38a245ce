/** What every command that serves needs first: tools, both builds, secrets, a database that is up to date. */
import { buildDashboard, ensureDashboardPackages } from "../build-dashboard.mjs";
import { buildWorker } from "../build-worker.mjs";
import { migrate } from "./database.mjs";
import { ensureDevVars } from "./secrets.mjs";
import { step } from "./step.mjs";
import { ensureTools } from "./tools.mjs";

/** Installs, builds, makes secrets and migrates, a step each. */
export async function prepare(state) {
  await ensureTools();
  await step("Worker", buildWorker);
  await ensureDashboardPackages();
  await step("dashboard", buildDashboard);
  await step("local secrets", ensureDevVars);
  await step("database", () => migrate(state));
}
