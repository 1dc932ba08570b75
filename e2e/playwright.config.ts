import { defineConfig } from '@playwright/test';

// The server is started by `./dev`, which hands over its address and the demo's login.
export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: 'test-results',
  timeout: 180_000,
  expect: { timeout: 40_000 },
  // One story on one server: the steps follow each other.
  workers: 1,
  fullyParallel: false,
  forbidOnly: Boolean(process.env.CI),
  // Shared machines stall; a second try is named in the report.
  retries: process.env.CI ? 2 : 0,
  reporter: [['list']],
  use: {
    baseURL: process.env.OTKLIK_URL ?? 'http://127.0.0.1:8080',
    viewport: { width: 1360, height: 850 },
    locale: 'ru-RU',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.OTKLIK_CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  projects: [
    // What every change must keep: the default of `./dev test`.
    { name: 'story', testMatch: ['smoke.spec.ts'] },
    { name: 'axe', testMatch: ['none'] },
    // Everything: `./dev e2e --project=full`.
    { name: 'full', testMatch: ['access.spec.ts', 'story.spec.ts', 'identity.spec.ts', 'insight.spec.ts', 'desk.spec.ts', 'axe.spec.ts'] },
    { name: 'shots', testMatch: ['shots.spec.ts'] },
  ],
});
