import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Where `npm run dev` finds the Worker; the built app is served by the Worker itself. */
const workerUrl = process.env.WORKER_URL ?? 'http://127.0.0.1:8787'

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    manifest: true,
    // The Worker's Content-Security-Policy allows scripts and fonts from our own origin, not from data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      '/api': workerUrl,
      '/openapi.json': workerUrl,
      '/app': { target: workerUrl, ws: true },
    },
  },
})
