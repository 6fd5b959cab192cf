import { defineConfig } from '@playwright/test';

// `cargo xtask test` sets these; by hand: EPOS_BIN=../target/release/epos EPOS_STANDIN_BIN=../target/release/esia-standin
// EPOS_TEST_SMTP_PYTHON=… npx playwright test.

const asRoot = process.getuid?.() === 0;
const results = process.env.EPOS_E2E_RESULTS ?? 'test-results';

export default defineConfig({
  testDir: 'tests',
  outputDir: `${results}/artifacts`,
  reporter: [['list'], ['json', { outputFile: `${results}/report.json` }]],
  // A journey that passes only sometimes is told as such by `cargo xtask test`, never passed over in silence.
  retries: 0,
  forbidOnly: true,
  workers: Number(process.env.EPOS_E2E_WORKERS ?? 2),
  // Generous: a slow machine is no failure of the product, and what passes does not wait.
  timeout: 180_000,
  expect: { timeout: 30_000, toPass: { timeout: 60_000 } },
  use: {
    locale: 'ru-RU',
    timezoneId: 'Asia/Yekaterinburg',
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.EPOS_CHROMIUM ?? '/usr/bin/chromium',
      args: [
        // Chromium's sandbox does not start as root.
        ...(asRoot ? ['--no-sandbox'] : []),
        // The browser talks to the server under test and to nobody else.
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--disable-quic',
        '--no-first-run',
      ],
    },
  },
  projects: [
    { name: 'desktop', use: { viewport: { width: 1280, height: 800 } } },
    { name: 'phone', grepInvert: /@desktop/, use: { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 } },
  ],
});
