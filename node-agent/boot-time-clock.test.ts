import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bootTimeClock } from './boot-time-clock.ts';

test('counts from the boot of the host, suspends included, and never goes back', () => {
  const clock = bootTimeClock();
  const uptimeMs = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000; // the kernel's own reading of it
  const firstMs = clock.nowMs();
  expect(firstMs).toBeGreaterThanOrEqual(uptimeMs - 10);
  expect(clock.nowMs()).toBeGreaterThanOrEqual(firstMs);
});
