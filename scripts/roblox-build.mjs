/** `npm run roblox:build`: the places and models of roblox/, by Rojo, into artifacts/roblox/. */
import { bootstrap } from "./lib/bootstrap.mjs";
import { buildProject, projects } from "./lib/roblox.mjs";
import { main, step } from "./lib/step.mjs";
import { ensureRobloxTools } from "./lib/tools.mjs";

await bootstrap();
await main(async () => {
  await ensureRobloxTools();
  for (const project of projects()) await step(project.output.split("/").pop(), () => buildProject(project));
});
