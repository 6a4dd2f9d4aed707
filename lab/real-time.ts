import { execFile } from 'node:child_process';

/**
 * Runs a process, with all its threads, above ordinary work, as HA daemons run: a guest or a build that takes every core
 * must not make a host look dead. What it starts is ordinary again when `childrenToo` is false. Only root may: false else.
 */
export function runAboveOthers(pid: number, childrenToo = true): Promise<boolean> {
  const flags = ['--all-tasks', '--rr', ...(childrenToo ? [] : ['--reset-on-fork'])];
  return new Promise((resolve) => {
    execFile('chrt', [...flags, '--pid', '1', String(pid)], (error) => resolve(error === null));
  });
}
