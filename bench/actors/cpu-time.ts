import { readFile } from 'node:fs/promises';

const TICK_MICROSECONDS = 10_000;

/** Processor time that a process has used so far, in microseconds, from Linux's /proc; NaN where there is none. */
export async function cpuMicroseconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // Behind the name in brackets, which may hold blanks: state is field 0, utime 11, stime 12.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS;
}

/** Processor time of several processes together. */
export async function cpuOf(pids: readonly number[]): Promise<number> {
  return (await Promise.all(pids.map(cpuMicroseconds))).reduce((sum, each) => sum + each, 0);
}
