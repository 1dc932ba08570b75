import { defineConfig } from '@playwright/test';

// The server is started by `./dev`, which hands over its address and the demo's login.
export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: 'test-results',
  globalSetup: './setup.ts',
  timeout: 300_000,
  expect: { timeout: 120_000 },
  // One story on one server: the steps follow each other.
  workers: 1,
  fullyParallel: false,
  forbidOnly: Boolean(process.env.CI),
  // Shared machines stall; a second try is named in the report.
  retries: process.env.CI ? 2 : 0,
  reporter: [['list']],
  use: {
    actionTimeout: 60_000,
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
    // Files run by their names: founder, story, tunnel (which needs the story's segment). The pages are then looked at with its people, campaign and calls.
    { name: 'story', testMatch: ['founder.spec.ts', 'story.spec.ts', 'tunnel.spec.ts'] },
    {
      name: 'pages',
      testMatch: ['access.spec.ts', 'identity.spec.ts', 'insight.spec.ts', 'care.spec.ts', 'axe.spec.ts'],
      dependencies: process.env.OTKLIK_PLAYED ? [] : ['story'],
    },
    { name: 'shots', testMatch: ['shots.spec.ts'] },
  ],
});
