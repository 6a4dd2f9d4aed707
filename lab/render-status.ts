import pc from 'picocolors';
import type { LabStatus } from './lab-status.ts';

/** Older than this a heartbeat is shown as late; the detector has its own, exact bounds. */
const LATE_MS = 3000;

/** The live table as lines of at most `width` columns; `colour` false for files and pipes. */
export function renderStatus(status: LabStatus, width: number, colour: boolean): string[] {
  const paint = pc.createColors(colour);
  const good = (text: string): string => paint.green(text);
  const bad = (text: string): string => paint.red(text);
  const lines: string[] = [];
  const row = (cells: readonly string[], widths: readonly number[], ink = (text: string): string => text): void => {
    const text = cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' ');
    lines.push(ink(text.trimEnd().slice(0, width)));
  };

  const nodeColumns = [8, 6, 10, 12, 12, 20];
  row(['NODE', 'POWER', 'SLOT', 'STORAGE', 'DATABASE', 'VERDICT'], nodeColumns, paint.bold);
  for (const { node, power, slot, storageBeatMs, databaseBeatMs, verdict } of status.nodes) {
    const healthy = power === 'on' && verdict === 'healthy';
    row([node, power, slot, beat(storageBeatMs), beat(databaseBeatMs), verdict], nodeColumns, healthy ? good : bad);
  }
  lines.push('');
  const vmColumns = [12, 10, 12, 8, 6, 10];
  row(['VM', 'RECORDED', 'ACTUAL', 'NODE', 'EPOCH', 'SINCE'], vmColumns, paint.bold);
  for (const { vm, recorded, actual, node, epoch, sinceMs } of status.vms) {
    const is = actual === 'none' ? 'off' : actual; // no hypervisor knows a copy: to a person that is off
    const as = recorded === is || (recorded === 'stopped' && is === 'off');
    const on = is === 'off' ? '-' : (node ?? '-');
    row([vm, recorded, is, on, `${epoch ?? '-'}`, seconds(sinceMs)], vmColumns, as ? good : bad);
  }
  lines.push('');
  for (const { atMs, text } of status.events.slice(-10)) {
    lines.push(`${(atMs / 1000).toFixed(1).padStart(8)} s  ${text}`.slice(0, width));
  }
  return lines;
}

function beat(ageMs: number | null): string {
  if (ageMs === null) return 'never';
  return ageMs < LATE_MS ? 'alive' : `late ${seconds(ageMs)}`;
}

function seconds(ms: number | null): string {
  return ms === null ? '-' : `${Math.floor(ms / 1000)} s`;
}
