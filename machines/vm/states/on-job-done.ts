/** The attempt under way has the VM running; what was wished meanwhile comes first. `what`: how that is told people. */
export function onJobDone(what: 'moved to' | 'runs on') {
  return [
    { guard: 'isOtherJob' },
    { guard: 'isToStop', target: 'stopping', actions: 'takeLease' },
    { guard: 'isToReload', target: 'loading', actions: ['takeLease', 'noteSettled'] },
    { target: 'running', actions: ['takeLease', { type: 'noteWhere', params: { what } }] },
  ] as const;
}
