/** `npm run build`: the Worker and the dashboard. */
import { buildDashboard, ensureDashboardPackages } from "./build-dashboard.mjs";
import { buildWorker } from "./build-worker.mjs";
import { bootstrap } from "./lib/bootstrap.mjs";
import { main, step } from "./lib/step.mjs";
import { ensureTools } from "./lib/tools.mjs";

await main(async () => {
  await bootstrap();
  await ensureTools();
  await step("Worker", buildWorker);
  await ensureDashboardPackages();
  await step("dashboard", buildDashboard);
});
