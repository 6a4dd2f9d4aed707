import { expect, test } from 'vitest';
import { ensureGuest } from './guest.ts';
import { boots } from './guest-probe.ts';
import { ensureHypervisor } from './hypervisor.ts';

test('the tiny guest boots on the accelerator that the probe chose', async ({ skip }) => {
  const hypervisor = await ensureHypervisor(console.log);
  if (hypervisor.kind === 'none') return skip(hypervisor.why);
  const guest = await ensureGuest(hypervisor, console.log);
  expect(await boots(hypervisor.qemu, guest, guest.accelerator)).toBe(true);
});

test('a guest without its kernel modules does not count as booted', async ({ skip }) => {
  const hypervisor = await ensureHypervisor(console.log);
  if (hypervisor.kind === 'none') return skip(hypervisor.why);
  const guest = await ensureGuest(hypervisor, console.log);
  expect(await boots(hypervisor.qemu, { kernel: guest.kernel, initrd: '/dev/null' }, guest.accelerator)).toBe(false);
});
